/** What the official CLI is told of a deployment it pushed: what it generates code from and what it prints. */
import type { ComponentInstance, LoadedDeployment } from "../functions/deployment.ts";
import { moduleAndExport } from "../functions/deployment.ts";
import type { AuthProvider, DeployedFunction, Deployment, FunctionKind, Json } from "../types.ts";
import { type IndexDiff, indexDiff } from "./indexDiffs.ts";

type AnalysedFunction = Omit<DeployedFunction, "component">;

/** As the CLI and the dashboard write the kinds of functions. */
export const UDF_TYPES: Record<FunctionKind, "Query" | "Mutation" | "Action"> = {
  query: "Query",
  mutation: "Mutation",
  action: "Action",
};

/** The `analysis` of a push: what each component definition holds, by its path. */
export function analysisOf(deployment: LoadedDeployment, serverVersion: string) {
  const entries = [...deployment.definitions].map(([path, { definition, schema, functions }]) => {
    const all = path === "" ? [...deployment.instance("").functions.values()] : functions;
    const analysed = {
      definition: { ...definition, path, exports: exportsOf(path === "" ? [] : all) },
      schema,
      functions: functionsByModule(all),
      udfConfig: { serverVersion, importPhaseRngSeed: null, importPhaseUnixTimestamp: null },
    };
    return [path, analysed] as const;
  });
  return Object.fromEntries(entries);
}

/** The `app` of a push: the tree of installed components. */
export function componentTree(deployment: LoadedDeployment, instance: ComponentInstance): object {
  const children = [...instance.children].map(([name, path]) => [
    name,
    componentTree(deployment, deployment.instance(path)),
  ]);
  return {
    definitionPath: instance.definitionPath,
    componentPath: instance.path,
    args: {},
    childComponents: Object.fromEntries(children),
    httpRoutes: {
      httpModuleRoutes: httpRoutesOf(instance),
      mounts: instance.routes.mounts.map(({ prefix }) => prefix),
    },
    exports: {},
  };
}

/** The routes of an instance's `http` module; null when it has none. */
export function httpRoutesOf({ routes }: ComponentInstance): { method: string; path: string }[] | null {
  if (!routes.hasRouter) return null;
  return [...routes.exact, ...routes.prefixes.map(({ method, prefix }) => ({ method, path: `${prefix}*` }))];
}

/** A provider of `auth.config.ts` in the CLI's words. */
export function authInfo(provider: AuthProvider): Json {
  if (provider.kind === "oidc") return { applicationID: provider.applicationID, domain: provider.domain };
  const { issuer, jwks, algorithm, applicationID = null } = provider;
  return { type: "customJwt", issuer, jwks, algorithm, applicationID };
}

/** What finishing a push changed, or would change. `previous`: what is in service. */
export function pushDiff(previous: Deployment, next: Deployment) {
  const before = previous.authProviders.map((provider) => JSON.stringify(authInfo(provider)));
  const after = next.authProviders.map((provider) => JSON.stringify(authInfo(provider)));
  return {
    authDiff: difference(before, after),
    definitionDiffs: {},
    componentDiffs: Object.fromEntries(
      [...new Set([...previous.components, ...next.components])].map((component) => [
        component,
        componentDiff(previous, next, component),
      ]),
    ),
  };
}

/** By component. */
export function indexDiffs(previous: Deployment, next: Deployment): Record<string, IndexDiff> {
  const entries = next.components.map((component) => {
    const schema = previous.components.includes(component) ? previous.schemaOf(component) : null;
    return [component, indexDiff(schema, next.schemaOf(component))] as const;
  });
  return Object.fromEntries(entries);
}

function componentDiff(previous: Deployment, next: Deployment, component: string) {
  const wasThere = previous.components.includes(component);
  const isThere = next.components.includes(component);
  const schema = (deployment: Deployment, has: boolean) => (has ? deployment.schemaOf(component) : null);
  return {
    diffType: { type: wasThere ? (isThere ? "modify" : "unmount") : "create" },
    moduleDiff: difference(modulesOf(previous, component), modulesOf(next, component)),
    udfConfigDiff: null,
    cronDiff: cronDiff(previous, next, component),
    indexDiff: indexDiff(schema(previous, wasThere), schema(next, isThere)),
    schemaDiff: null,
  };
}

function cronDiff(previous: Deployment, next: Deployment, component: string) {
  const of = (deployment: Deployment) =>
    new Map(
      deployment.crons
        .filter((cron) => cron.component === component)
        .map((cron) => [cron.identifier, JSON.stringify(cron)]),
    );
  const [before, after] = [of(previous), of(next)];
  const { added, removed: deleted } = difference([...before.keys()], [...after.keys()]);
  const updated = [...after].filter(([name, cron]) => before.has(name) && before.get(name) !== cron);
  return { added, deleted, updated: updated.map(([name]) => name) };
}

function modulesOf(deployment: Deployment, component: string): string[] {
  const functions = deployment.functions.filter((each) => each.component === component);
  return [...new Set(functions.map(({ path }) => moduleAndExport(path).modulePath))];
}

function difference(before: string[], after: string[]): { added: string[]; removed: string[] } {
  return {
    added: after.filter((each) => !before.includes(each)),
    removed: before.filter((each) => !after.includes(each)),
  };
}

function functionsByModule(functions: AnalysedFunction[]): Record<string, object> {
  const modules = Map.groupBy(functions, ({ path }) => moduleAndExport(path).modulePath);
  const entries = [...modules].map(([modulePath, members]) => [
    modulePath,
    { functions: members.map(analysedFunction), httpRoutes: null, cronSpecs: null, sourceMapped: null },
  ]);
  return Object.fromEntries(entries);
}

function analysedFunction({ path, kind, visibility, args, returns }: AnalysedFunction) {
  return {
    name: moduleAndExport(path).exportName,
    pos: null,
    udfType: UDF_TYPES[kind],
    visibility: { kind: visibility },
    args: JSON.stringify(args),
    returns: returns && JSON.stringify(returns),
  };
}

type Exports = { type: "leaf"; leaf: string } | { type: "branch"; branch: [string, Exports][] };

/** What a component offers to those who install it: its public functions, as a tree of folders and modules. */
function exportsOf(functions: AnalysedFunction[]): Exports {
  const root: Exports = { type: "branch", branch: [] };
  for (const { path, visibility } of functions) {
    if (visibility !== "public") continue;
    const { modulePath, exportName } = moduleAndExport(path);
    const folders = modulePath.replace(/\.js$/, "").split("/");
    const leaf: Exports = { type: "leaf", leaf: `_reference/function/${path}` };
    folders.reduce(branchNamed, root).branch.push([exportName, leaf]);
  }
  return root;
}

type Branch = Extract<Exports, { type: "branch" }>;

function branchNamed(parent: Branch, name: string): Branch {
  const known = parent.branch.find(([each]) => each === name)?.[1];
  if (known?.type === "branch") return known;
  const made: Branch = { type: "branch", branch: [] };
  parent.branch.push([name, made]);
  return made;
}
