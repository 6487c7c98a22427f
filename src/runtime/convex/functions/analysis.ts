/** Turns a bundle into a deployment by evaluating its modules, as a push to Convex does. */
import type {
  AuthProvider,
  ComponentPath,
  CronSchedule,
  DeployedCron,
  DeployedFunction,
  FunctionKind,
  Json,
  SchemaJson,
} from "../types.ts";
import type { Bundle, DefinitionBundle, ModuleSource } from "./bundle.ts";
import { checkBundle } from "./bundleLimits.ts";
import {
  type AnalysedDefinition,
  type ComponentInstance,
  canonicalPath,
  type DefinitionExport,
  type HttpRoutes,
  LoadedDeployment,
  parseJson,
} from "./deployment.ts";
import { DeploymentError } from "./deploymentError.ts";
import type { Exports } from "./globals/modules.ts";
import { evaluateModule, type ImportInput, type ImportScope } from "./importHost.ts";
import type { IsolateFactory } from "./isolate.ts";
import { Program } from "./program.ts";
import { SourceMaps } from "./sourceMaps.ts";
import { NODE_PROGRAM, NodeModules } from "./threads/nodeModules.ts";

export interface AnalysisInput {
  bundle: Bundle;
  isolates: IsolateFactory;
  /** The folder that holds the Convex folder, for file names in errors. */
  root: string;
  version: number;
  nowMs: number;
  env: Readonly<Record<string, string>>;
  systemEnv: Readonly<Record<string, string>>;
  log: (line: string) => void;
}

const NO_DEFINITION: DefinitionExport = { definitionType: { type: "app" }, childComponents: [], httpMounts: {} };

/** Throws `DeploymentError` with file and line when the folder cannot be deployed. */
export async function analyse(input: AnalysisInput): Promise<LoadedDeployment> {
  checkBundle(input.bundle);
  const programs = new Map<string, Program>();
  const sourceMaps = new SourceMaps(input.root, programs);
  const scope: ImportScope = { ...input, sourceMaps };
  const add = (program: Program) => {
    programs.set(program.name, program);
    return program;
  };
  const definitions = new Definitions(scope, input, add);
  const instances = new Map<ComponentPath, ComponentInstance>();
  instantiate(definitions, instances, {
    path: "",
    definitionPath: "",
    env: undefined,
    mountPath: "",
    appEnv: input.env,
  });
  const authProviders = input.bundle.authConfig ? readAuthConfig(scope, input, add) : [];
  const node =
    input.bundle.node.entryPoints.length > 0 ? await addNodeModules(input, instances, sourceMaps, add) : null;
  const { version, env, nowMs: loadedAtMs } = input;
  const all = definitions.all();
  return new LoadedDeployment({
    version,
    env,
    definitions: all,
    instances,
    authProviders,
    sourceMaps,
    node,
    loadedAtMs,
  });
}

async function addNodeModules(
  input: AnalysisInput,
  instances: Map<ComponentPath, ComponentInstance>,
  sourceMaps: SourceMaps,
  add: (program: Program) => Program,
): Promise<NodeModules> {
  const { bundle, env, systemEnv, log } = input;
  add(new Program(NODE_PROGRAM, bundle.node.modules));
  const describeFrame = (site: string) => sourceMaps.describeFrame(site);
  const node = new NodeModules(bundle.node, { env: { ...env, ...systemEnv }, describeFrame, log });
  try {
    const { functions } = instances.get("") as ComponentInstance;
    for (const each of await node.functions()) functions.set(each.path, { ...each, component: "" });
    return node;
  } catch (error) {
    node.close();
    throw error;
  }
}

class Definitions {
  readonly #scope: ImportScope;
  readonly #input: AnalysisInput;
  readonly #add: (program: Program) => Program;
  readonly #bundles: Map<string, DefinitionBundle>;
  readonly #exports = new Map<string, DefinitionExport>();
  readonly #analysed = new Map<string, AnalysedDefinition>();

  constructor(scope: ImportScope, input: AnalysisInput, add: (program: Program) => Program) {
    this.#scope = scope;
    this.#input = input;
    this.#add = add;
    this.#bundles = new Map(input.bundle.definitions.map((each) => [each.definitionPath, each]));
  }

  get(definitionPath: string): AnalysedDefinition {
    const known = this.#analysed.get(definitionPath);
    if (known) return known;
    const analysed = this.#analyse(this.#bundle(definitionPath));
    this.#analysed.set(definitionPath, analysed);
    return analysed;
  }

  /** Every definition, also those that nothing installs. */
  all(): Map<string, AnalysedDefinition> {
    return new Map([...this.#bundles.keys()].map((definitionPath) => [definitionPath, this.get(definitionPath)]));
  }

  #bundle(definitionPath: string): DefinitionBundle {
    const bundle = this.#bundles.get(definitionPath);
    if (!bundle) throw new DeploymentError(`No component definition was found at "${definitionPath}".`);
    return bundle;
  }

  #analyse(bundle: DefinitionBundle): AnalysedDefinition {
    const program = this.#add(new Program(programName(bundle.definitionPath), bundle.modules));
    // All in one isolate, as on Convex: most of what they import they share.
    const home = this.#scope.isolates.makeSynchronous();
    const env = this.#envWhileImporting(bundle.definitionPath);
    const input = (path: string) => ({ program, path, env, home });
    const functions = bundle.entryPoints.flatMap((path) =>
      evaluateModule(this.#scope, input(path), (exports) => readFunctions(path, exports)),
    );
    const has = (path: string) => bundle.entryPoints.includes(path);
    return {
      program,
      definition: this.#exportOf(bundle.definitionPath),
      schema: bundle.schema && this.#readSchema(bundle),
      functions,
      crons: has("crons.js") ? evaluateModule(this.#scope, input("crons.js"), readCrons) : [],
      routes: has("http.js")
        ? evaluateModule(this.#scope, input("http.js"), readRoutes)
        : { hasRouter: false, exact: [], prefixes: [] },
    };
  }

  /** A component's environment is bound per instance, so its modules see none of it while they are imported. */
  #envWhileImporting(definitionPath: string): ImportInput["env"] {
    const { env, systemEnv } = this.#input;
    return (name) => systemEnv[name] ?? (definitionPath === "" ? env[name] : undefined);
  }

  #readSchema({ definitionPath, schema }: DefinitionBundle): SchemaJson {
    const input = this.#standalone(`${programName(definitionPath)}.schema`, schema as ModuleSource);
    return evaluateModule(this.#scope, input, (exports) => parseJson<SchemaJson>(exportedBy(exports, "schema.ts")));
  }

  #exportOf(definitionPath: string): DefinitionExport {
    const known = this.#exports.get(definitionPath);
    if (known) return known;
    const { definition } = this.#bundle(definitionPath);
    if (!definition) return NO_DEFINITION;
    const input = this.#standalone(`${programName(definitionPath)}.config`, definition);
    const definitions = (path: string) => ({ componentDefinitionPath: path, defaultName: this.#exportOf(path).name });
    const exported = evaluateModule(this.#scope, { ...input, definitions }, (exports) =>
      structuredClone(parseJson<DefinitionExport>(JSON.stringify(callExport(exports, "convex.config.ts")))),
    );
    this.#exports.set(definitionPath, exported);
    return exported;
  }

  #standalone(name: string, module: ModuleSource): ImportInput {
    const program = this.#add(new Program(name, [module]));
    return { program, path: module.path, env: () => undefined };
  }
}

/** A name for stack traces that holds no slash: "app", "app.rateLimiter" … by folder. */
function programName(definitionPath: string): string {
  return definitionPath === "" ? "app" : Buffer.from(definitionPath).toString("base64url");
}

// ---------------------------------------------------------------------------------------------------
// Instances

interface InstanceInput {
  path: ComponentPath;
  definitionPath: string;
  /** Undefined for the app, which sees the deployment's environment. */
  env: Record<string, string> | undefined;
  mountPath: string;
  appEnv: Readonly<Record<string, string>>;
}

function instantiate(
  definitions: Definitions,
  instances: Map<ComponentPath, ComponentInstance>,
  input: InstanceInput,
): void {
  const { path, env, appEnv } = input;
  const analysed = definitions.get(input.definitionPath);
  const { definition } = analysed;
  const children = new Map(
    definition.childComponents.map(({ name }) => [name, path === "" ? name : `${path}/${name}`]),
  );
  instances.set(path, {
    path,
    definitionPath: input.definitionPath,
    program: analysed.program,
    functions: new Map(analysed.functions.map((each) => [each.path, { ...each, component: path }])),
    schema: analysed.schema,
    crons: analysed.crons.map((cron) => ({ ...cron, component: path })),
    children,
    env,
    mountPath: input.mountPath,
    routes: { ...analysed.routes, prefix: definition.httpPrefix ?? "", mounts: mountsOf(definition, children) },
  });
  for (const child of definition.childComponents) {
    const childPath = children.get(child.name) ?? "";
    const mount = mountsOf(definition, children).find((each) => each.component === childPath);
    instantiate(definitions, instances, {
      path: childPath,
      definitionPath: child.path,
      env: bindEnv(child, env ?? appEnv, definitions.get(child.path).definition),
      mountPath: mount ? input.mountPath + mount.prefix.replace(/\/$/, "") : "",
      appEnv,
    });
  }
}

function mountsOf(definition: DefinitionExport, children: Map<string, ComponentPath>): HttpRoutes["mounts"] {
  return Object.entries(definition.httpMounts).map(([prefix, reference]) => ({
    prefix,
    component: children.get(reference.split("/").at(-1) ?? "") ?? "",
  }));
}

function bindEnv(
  child: DefinitionExport["childComponents"][number],
  parentEnv: Readonly<Record<string, string>>,
  definition: DefinitionExport,
): Record<string, string> {
  const bound: Record<string, string> = {};
  for (const [name, binding] of child.env ?? []) {
    const value = binding.type === "value" ? binding.value : parentEnv[binding.name];
    if (value !== undefined) bound[name] = value;
  }
  const missing = (definition.envVars ?? []).find(([name, { optional }]) => !optional && bound[name] === undefined);
  if (missing) {
    throw new DeploymentError(
      `The component "${child.name}" needs the environment variable ${missing[0]}; bind it with app.use(…, { env }).`,
    );
  }
  return bound;
}

// ---------------------------------------------------------------------------------------------------
// Reading exports

const KINDS: Record<string, FunctionKind> = { isQuery: "query", isMutation: "mutation", isAction: "action" };

function readFunctions(modulePath: string, exports: Exports): Omit<DeployedFunction, "component">[] {
  const module = modulePath.replace(/\.js$/, "");
  return Object.keys(exports).flatMap((name) => {
    const found = readFunction(`${module}:${name}`, exports[name]);
    return found ? [found] : [];
  });
}

function readFunction(path: string, value: unknown): Omit<DeployedFunction, "component"> | null {
  if (typeof value !== "function") return null;
  const flags = value as unknown as Record<string, unknown>;
  const kinds = Object.keys(KINDS).filter((flag) => flags[flag] === true);
  const [kindFlag] = kinds;
  if (kindFlag === undefined || kinds.length > 1 || (flags.isPublic === true && flags.isInternal === true)) return null;
  return {
    path: canonicalPath(path),
    kind: KINDS[kindFlag] as FunctionKind,
    visibility: flags.isPublic === true ? "public" : "internal",
    environment: "isolate",
    args: parseJson(validatorText(flags, "exportArgs") ?? '{"type":"any"}'),
    returns: parseJson(validatorText(flags, "exportReturns") ?? "null"),
  };
}

function validatorText(flags: Record<string, unknown>, name: string): string | undefined {
  const text = typeof flags[name] === "function" ? flags[name]() : undefined;
  return typeof text === "string" ? text : undefined;
}

function readCrons(exports: Exports): Omit<DeployedCron, "component">[] {
  const crons = exports.default as { isCrons?: boolean } | undefined;
  if (!crons?.isCrons) throw new DeploymentError("`convex/crons.ts` must have a default export of a Crons object.");
  const jobs = parseJson<Record<string, { name: string; args: Json[]; schedule: CronSchedule }>>(
    exportedBy(exports, "crons.ts"),
  );
  return Object.entries(jobs).map(([identifier, { name, args, schedule }]) => ({
    identifier,
    path: canonicalPath(name),
    args: args[0] ?? {},
    schedule,
  }));
}

function readRoutes(exports: Exports): AnalysedDefinition["routes"] {
  const router = exports.default as Router | undefined;
  if (!router?.isRouter) throw new DeploymentError("The default export of `convex/http.ts` is not a Router.");
  const routes = router.getRoutes().map(([path, method]) => ({ path, method }));
  return {
    hasRouter: true,
    exact: routes.filter(({ path }) => !path.endsWith("*")),
    prefixes: routes
      .filter(({ path }) => path.endsWith("*"))
      .map(({ path, method }) => ({ method, prefix: path.slice(0, -1) })),
  };
}

interface Router {
  isRouter?: boolean;
  getRoutes(): [path: string, method: string, handler: unknown][];
}

function callExport(exports: Exports, file: string): unknown {
  const value = exports.default as { export?: () => unknown } | undefined;
  if (typeof value?.export !== "function")
    throw new DeploymentError(`${file} has no default export of the expected kind.`);
  return value.export();
}

function exportedBy(exports: Exports, file: string): string {
  return String(callExport(exports, file));
}

// ---------------------------------------------------------------------------------------------------
// auth.config

type ProviderExport =
  | { type?: undefined; domain: string; applicationID: string }
  | { type: "customJwt"; issuer: string; jwks: string; algorithm: "RS256" | "ES256"; applicationID?: string };

function readAuthConfig(scope: ImportScope, input: AnalysisInput, add: (program: Program) => Program): AuthProvider[] {
  const module = input.bundle.authConfig as ModuleSource;
  const program = add(new Program("auth", [module]));
  let missing: string | undefined;
  const env = (name: string) => {
    const value = input.systemEnv[name] ?? input.env[name];
    if (value !== undefined) return value;
    missing = name;
    throw new DeploymentError(`Environment variable ${name} is used in auth.config.ts, but its value was not set.`);
  };
  try {
    return evaluateModule(scope, { program, path: module.path, env, isConfiguration: true }, readProviders);
  } catch (error) {
    if (missing === undefined) throw error;
    throw new DeploymentError((error as Error).message, "AuthConfigMissingEnvironmentVariable");
  }
}

function readProviders(exports: Exports): AuthProvider[] {
  const config = parseJson<{ providers?: ProviderExport[] } | null>(JSON.stringify(exports.default ?? null));
  if (!Array.isArray(config?.providers))
    throw new DeploymentError("auth.config.ts must export default { providers: [...] }.");
  return config.providers.map(providerOf);
}

function providerOf(provider: ProviderExport): AuthProvider {
  if (provider.type !== "customJwt")
    return { kind: "oidc", domain: provider.domain, applicationID: provider.applicationID };
  const { issuer, jwks, algorithm, applicationID } = provider;
  return { kind: "customJwt", issuer, jwks, algorithm, ...(applicationID === undefined ? {} : { applicationID }) };
}
