/**
 * The body of a push, as the official CLI sends it, and the bundle it stands for. The CLI bundles with the options
 * that `functions/bundle.ts` uses as well, so both ways of deploying meet in one `Bundle`.
 */
import { z } from "zod";
import {
  asFunctionBody,
  type Bundle,
  type DefinitionBundle,
  type ModuleSource,
  packagesDirOf,
} from "../functions/bundle.ts";

const vModule = z.object({
  path: z.string(),
  source: z.string(),
  sourceMap: z.string().optional(),
  environment: z.enum(["isolate", "node"]),
});
type PushedModule = z.infer<typeof vModule>;

const vDefinition = z.object({
  definitionPath: z.string(),
  definition: vModule,
  schema: vModule.nullable(),
  functions: z.array(vModule),
});

/** Modules the CLI leaves out as unchanged are refused: `get_config_hashes` tells it that none are known. */
export const vPushRequest = z.object({
  dryRun: z.boolean(),
  appDefinition: z.object({
    definition: vModule.nullable(),
    schema: vModule.nullable(),
    changedModules: z.array(vModule),
    unchangedModuleHashes: z.array(z.unknown()).max(0),
  }),
  componentDefinitions: z.array(vDefinition),
  nodeDependencies: z.array(z.object({ name: z.string(), version: z.string() })),
});
export type PushRequest = z.infer<typeof vPushRequest>;

const AUTH_CONFIG_PATH = "auth.config.js";

/** `root`: the folder whose `node_modules` holds the packages that were left out of the bundle. */
export async function bundleOfPush(request: PushRequest, root: string): Promise<Bundle> {
  const { appDefinition: app, componentDefinitions, nodeDependencies } = request;
  const authConfig = app.changedModules.find(({ path }) => path === AUTH_CONFIG_PATH) ?? null;
  const functions = app.changedModules.filter((module) => module !== authConfig);
  const definitions = await Promise.all([
    definitionBundle({ definitionPath: "", definition: app.definition, schema: app.schema, functions }),
    ...componentDefinitions.map(definitionBundle),
  ]);
  const nodeModules = functions.filter(({ environment }) => environment === "node");
  return {
    definitions,
    authConfig: authConfig && (await isolateModule(authConfig)),
    node: {
      entryPoints: nodeModules.map(({ path }) => path).filter(isEntryPoint),
      modules: nodeModules.map(({ path, source, sourceMap = "{}" }) => ({ path, code: source, maps: [sourceMap] })),
      packagesDir: nodeDependencies.length > 0 ? packagesDirOf(root) : null,
    },
  };
}

async function definitionBundle(pushed: {
  definitionPath: string;
  definition: PushedModule | null;
  schema: PushedModule | null;
  functions: PushedModule[];
}): Promise<DefinitionBundle> {
  const modules = pushed.functions.filter(({ environment }) => environment === "isolate");
  return {
    definitionPath: pushed.definitionPath,
    modules: await Promise.all(modules.map(isolateModule)),
    entryPoints: modules.map(({ path }) => path).filter(isEntryPoint),
    schema: pushed.schema && (await isolateModule(pushed.schema)),
    definition: pushed.definition && (await isolateModule(pushed.definition)),
  };
}

function isolateModule({ path, source, sourceMap = "{}" }: PushedModule): Promise<ModuleSource> {
  return asFunctionBody({ path, code: source, map: sourceMap });
}

/** What is below `_deps` is code that several modules share. */
function isEntryPoint(path: string): boolean {
  return !path.startsWith("_deps/");
}
