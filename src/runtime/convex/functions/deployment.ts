/** The analysed Convex folder: every component instance with its functions, schema, crons and environment. */
import type {
  AuthProvider,
  ComponentPath,
  DeployedCron,
  DeployedFunction,
  Deployment,
  Json,
  SchemaJson,
} from "../types.ts";
import type { Program } from "./program.ts";
import type { SourceMaps } from "./sourceMaps.ts";
import type { NodeModules } from "./threads/nodeModules.ts";

/** One installed component, or the app. */
export interface ComponentInstance {
  path: ComponentPath;
  /** The definition it is an instance of. */
  definitionPath: string;
  program: Program;
  functions: Map<string, DeployedFunction>;
  schema: SchemaJson | null;
  crons: DeployedCron[];
  /** Paths of the components it installs, by their name. */
  children: Map<string, ComponentPath>;
  /** What `process.env` shows its code; undefined: the deployment's own environment. */
  env: Readonly<Record<string, string>> | undefined;
  /** Where its HTTP actions are served, from the site's root; "" for the app and what is not mounted. */
  mountPath: string;
  routes: HttpRoutes;
}

export interface HttpRoutes {
  /** Whether the instance has an `http` module. */
  hasRouter: boolean;
  /** The prefix under which the app serves its own routes; "" when there is none. */
  prefix: string;
  exact: { method: string; path: string }[];
  prefixes: { method: string; prefix: string }[];
  /** Where components are mounted: prefix with slashes at both ends, and the instance. */
  mounts: { prefix: string; component: ComponentPath }[];
}

/** The result of a definition's `export()`. */
export interface DefinitionExport {
  definitionType: { type: "app"; httpPrefix?: string } | { type: "childComponent"; name: string };
  name?: string;
  httpPrefix?: string;
  childComponents: { name: string; path: string; env: [string, EnvBinding][] | null }[];
  httpMounts: Record<string, string>;
  envVars?: [string, { value: string; optional?: boolean }][];
}
type EnvBinding = { type: "value"; value: string } | { type: "envVar"; name: string };

/** Everything an instance of a definition has in common with the others. */
export interface AnalysedDefinition {
  program: Program;
  definition: DefinitionExport;
  schema: SchemaJson | null;
  functions: Omit<DeployedFunction, "component">[];
  crons: Omit<DeployedCron, "component">[];
  routes: Pick<HttpRoutes, "hasRouter" | "exact" | "prefixes">;
}

export interface DeploymentParts {
  version: number;
  /** The app's environment, as it was when the deployment was prepared. */
  env: Readonly<Record<string, string>>;
  /** By definition path; the app's is "". */
  definitions: Map<string, AnalysedDefinition>;
  instances: Map<ComponentPath, ComponentInstance>;
  authProviders: AuthProvider[];
  sourceMaps: SourceMaps;
  /** The "use node" modules of the app, if it has any. */
  node: NodeModules | null;
  loadedAtMs: number;
}

export class LoadedDeployment implements Deployment {
  readonly version: number;
  readonly env: Readonly<Record<string, string>>;
  readonly definitions: ReadonlyMap<string, AnalysedDefinition>;
  readonly instances: ReadonlyMap<ComponentPath, ComponentInstance>;
  readonly authProviders: AuthProvider[];
  readonly sourceMaps: SourceMaps;
  readonly node: NodeModules | null;
  /** What the clock shows to modules while they are imported. */
  readonly loadedAtMs: number;
  readonly components: ComponentPath[];
  readonly functions: DeployedFunction[];
  readonly crons: DeployedCron[];
  readonly hasHttp: boolean;

  constructor(parts: DeploymentParts) {
    this.version = parts.version;
    this.env = parts.env;
    this.definitions = parts.definitions;
    this.instances = parts.instances;
    this.authProviders = parts.authProviders;
    this.sourceMaps = parts.sourceMaps;
    this.node = parts.node;
    this.loadedAtMs = parts.loadedAtMs;
    const instances = [...parts.instances.values()];
    this.components = instances.map((instance) => instance.path);
    this.functions = instances.flatMap((instance) => [...instance.functions.values()]);
    this.crons = instances.flatMap((instance) => instance.crons);
    this.hasHttp = instances.some((instance) => instance.routes.hasRouter);
  }

  find(component: ComponentPath, path: string): DeployedFunction | null {
    return this.instances.get(component)?.functions.get(canonicalPath(path)) ?? null;
  }

  schemaOf(component: ComponentPath): SchemaJson | null {
    return this.instances.get(component)?.schema ?? null;
  }

  instance(component: ComponentPath): ComponentInstance {
    const instance = this.instances.get(component);
    if (!instance) throw new Error(`No component is installed at "${component}".`);
    return instance;
  }
}

/** "dir/module.js:export", "dir/module" → "dir/module:export", "dir/module:default". */
export function canonicalPath(path: string): string {
  const [module = "", name = "default"] = path.split(":");
  return `${module.replace(/\.js$/, "")}:${name}`;
}

/** The module file and the export a canonical path names. */
export function moduleAndExport(path: string): { modulePath: string; exportName: string } {
  const [module = "", exportName = "default"] = path.split(":");
  return { modulePath: `${module}.js`, exportName };
}

/** Parsed JSON text of which the shape is known. */
export function parseJson<T = Json>(text: string): T {
  return JSON.parse(text) as T;
}
