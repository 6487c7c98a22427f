/**
 * Bundles a Convex folder and its components as the official CLI does (esbuild with its options), then
 * turns every output into the body of a CommonJS function, which `program.ts` loads.
 *
 * [Note: Modules as functions]
 * Module state must be fresh for every execution, so a module is compiled once and evaluated many times,
 * each time in another context. `vm.Script` can do that with a function expression; it cannot with an ES
 * module. esbuild therefore rewrites each bundled ES module as CommonJS. A dynamic `import()` becomes a
 * `require` inside a resolved promise, which the loader tells apart by the time at which it arrives.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import * as esbuild from "esbuild";
import { DeploymentError } from "./deploymentError.ts";
import { findEntryPoints } from "./entryPoints.ts";

export interface ModuleSource {
  /** As the deployment names it: "dir/module.js", "_deps/ABCD.js". */
  path: string;
  /** Body of a function of `exports`, `require` and `module`. */
  code: string;
  /**
   * Source maps as JSON text, to be followed one after the other: from `code` to esbuild's bundle (absent where
   * they are the same), and from there to the developer's files. Composing them up front would cost more
   * than half the time of a deployment, and only errors need them.
   */
  maps: string[];
}

/** A module evaluated by itself: a schema, `auth.config`, a component definition. */
export type StandaloneModule = ModuleSource;

/** The code of one component definition; the app is the one whose `definitionPath` is "". */
export interface DefinitionBundle {
  /** Posix path from the app's Convex folder to the component's. */
  definitionPath: string;
  modules: ModuleSource[];
  /** Paths of those modules that are entry points. */
  entryPoints: string[];
  schema: ModuleSource | null;
  /** `convex.config`; null for an app without one. */
  definition: ModuleSource | null;
}

export interface Bundle {
  /** The app first, then the components it installs, in no particular order. */
  definitions: DefinitionBundle[];
  authConfig: StandaloneModule | null;
  /** The app's modules for Node ("use node"): ES modules as esbuild wrote them. */
  node: {
    entryPoints: string[];
    modules: ModuleSource[];
    /** Where the packages are that were left out of the bundle; null where none were. */
    packagesDir: string | null;
  };
}

/** An imported definition is resolved to this prefix and the base64url of its definition path. */
export const COMPONENT_IMPORT_PREFIX = "./_componentDeps/";

const CONDITIONS = ["convex", "module"];

/** A Convex folder while it is being bundled. */
interface Project {
  /** The folder that holds the Convex folder. */
  root: string;
  convexDir: string;
  /** Absolute paths of the files that were read so far. */
  inputs: Set<string>;
}

/**
 * Bundles the Convex folder `convexDir`. Throws a `DeploymentError` that says file and line. `inputs` receives the
 * absolute path of every file that the bundle is made of.
 */
export async function bundleConvexFolder(convexDir: string, inputs: Set<string> = new Set()): Promise<Bundle> {
  const project: Project = { root: path.dirname(convexDir), convexDir, inputs };
  const directories = [convexDir, ...(await findComponentDirectories(project))];
  const [definitions, authConfig, node] = await Promise.all([
    Promise.all(directories.map((directory) => bundleDefinition(project, directory))),
    bundleStandalone(project, convexDir, "auth.config"),
    bundleNodeModules(project),
  ]);
  return { definitions, authConfig, node };
}

async function bundleDefinition(project: Project, directory: string): Promise<DefinitionBundle> {
  const { root, convexDir } = project;
  const entries = findEntryPoints(directory);
  if (entries.node.length > 0 && directory !== convexDir) {
    throw new DeploymentError(
      `"use node" is not supported in components: ${path.relative(root, entries.node[0] ?? "")}`,
    );
  }
  const [modules, schema, definition] = await Promise.all([
    buildModules(project, directory, entries.isolate),
    bundleStandalone(project, directory, "schema"),
    bundleStandalone(project, directory, "convex.config", [importedDefinitions(convexDir)]),
  ]);
  return {
    definitionPath: definitionPathOf(convexDir, directory),
    modules,
    entryPoints: entries.isolate.map((file) => outputPath(directory, file)),
    schema,
    definition,
  };
}

function definitionPathOf(convexDir: string, directory: string): string {
  return path.relative(convexDir, directory).split(path.sep).join("/");
}

function outputPath(directory: string, file: string): string {
  const relative = path.relative(directory, file).split(path.sep).join("/");
  return relative.replace(/\.[^.]+$/, ".js");
}

async function bundleStandalone(
  project: Project,
  directory: string,
  name: string,
  plugins: esbuild.Plugin[] = [],
): Promise<ModuleSource | null> {
  const file = [`${name}.ts`, `${name}.js`].map((base) => path.join(directory, base)).find((each) => existsSync(each));
  if (!file) return null;
  const [module] = await buildModules(project, directory, [file], { splitting: false, plugins });
  return module ?? null;
}

async function buildModules(
  project: Project,
  directory: string,
  entryPoints: string[],
  options: { splitting?: boolean; plugins?: esbuild.Plugin[] } = {},
): Promise<ModuleSource[]> {
  if (entryPoints.length === 0) return [];
  const files = await build(project, directory, entryPoints, {
    platform: "browser",
    chunkNames: "_deps/[hash]",
    splitting: options.splitting ?? true,
    plugins: [...(options.plugins ?? []), serverOnlyStub, asyncHooksShim, wasmModules],
  });
  return Promise.all(files.map((file) => asFunctionBody(file)));
}

async function bundleNodeModules(project: Project): Promise<Bundle["node"]> {
  const { root, convexDir } = project;
  const { node } = findEntryPoints(convexDir);
  const external = externalPackages(root);
  if (node.length === 0) return { entryPoints: [], modules: [], packagesDir: null };
  const files = await build(project, convexDir, node, {
    platform: "node",
    chunkNames: "_deps/node/[hash]",
    splitting: true,
    external,
    plugins: [serverOnlyStub, wasmModules],
  });
  const modules = files.map(({ path, code, map }) => ({ path, code, maps: [map] }));
  const packagesDir = external.length > 0 ? packagesDirOf(root) : null;
  return { entryPoints: node.map((file) => outputPath(convexDir, file)), modules, packagesDir };
}

/** Where packages that stay out of bundles are found. */
export function packagesDirOf(root: string): string {
  return path.join(root, "node_modules");
}

/** Packages that `convex.json` keeps out of the bundle, such as those with native code. */
function externalPackages(root: string): string[] {
  const file = path.join(root, "convex.json");
  if (!existsSync(file)) return [];
  const { node } = JSON.parse(readFileSync(file, "utf8")) as { node?: { externalPackages?: string[] } };
  return node?.externalPackages ?? [];
}

/** The official CLI's options; whitespace is kept because its source maps need the lines. */
async function build(
  { root, inputs }: Project,
  directory: string,
  entryPoints: string[],
  options: Pick<esbuild.BuildOptions, "platform" | "chunkNames" | "splitting" | "external" | "plugins">,
): Promise<OutputFile[]> {
  const outdir = path.join(root, "out");
  const result = await readableErrors(() =>
    esbuild.build({
      ...options,
      absWorkingDir: root,
      entryPoints,
      outdir,
      outbase: directory,
      bundle: true,
      format: "esm",
      target: "esnext",
      // Node's V8 has no Uint8Array.fromBase64 yet.
      supported: { "from-base64": false },
      jsx: "automatic",
      conditions: CONDITIONS,
      write: false,
      metafile: true,
      sourcemap: "external",
      sourcesContent: false,
      treeShaking: true,
      minifySyntax: true,
      minifyIdentifiers: true,
      keepNames: true,
      define: { "process.env.NODE_ENV": '"production"' },
      logLevel: "silent",
    }),
  );
  for (const input of Object.keys(result.metafile.inputs)) {
    // Plugins name what they make up by a namespace: "wasm-module:/…".
    if (!input.includes(":")) inputs.add(path.join(root, input));
  }
  const files = (result.outputFiles ?? []).map((file) => ({
    path: path.relative(outdir, file.path).split(path.sep).join("/"),
    text: file.text,
  }));
  const maps = new Map(files.map((file) => [file.path, file.text]));
  const code = files.filter((file) => !file.path.endsWith(".map"));
  return code.map(({ path, text }) => ({ path, code: text, map: maps.get(`${path}.map`) ?? "{}" }));
}

/** An ES module as esbuild bundled it, with its source map as JSON text. */
export interface OutputFile {
  path: string;
  code: string;
  map: string;
}

/** Rewrites one of the CLI's bundled ES modules ([Note: Modules as functions]). `map`: its source map. */
export async function asFunctionBody(file: OutputFile): Promise<ModuleSource> {
  const result = await readableErrors(() =>
    esbuild.transform(file.code, {
      format: "cjs",
      target: "esnext",
      platform: "neutral",
      supported: { "dynamic-import": false },
      sourcemap: "external",
      sourcesContent: false,
      logLevel: "silent",
    }),
  );
  return { path: file.path, code: exportedDirectly(result.code), maps: [result.map, file.map] };
}

/**
 * esbuild exports a copy of the module's exports, so every use of an import passes two getters and every
 * evaluation copies every name. Modules are evaluated in each execution: let them export the original.
 */
function exportedDirectly(code: string): string {
  return code.replace(
    /^module\.exports = __toCommonJS\((\w+)\);$/m,
    'module.exports = __defProp($1, "__esModule", { value: true });',
  );
}

async function readableErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const [formatted, hint] = [await esbuild.formatMessages(error.errors, { kind: "error" }), nodeHint(error)];
    throw new DeploymentError(formatted.join("\n").trim() + hint);
  }
}

function isBuildFailure(error: unknown): error is esbuild.BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function nodeHint(failure: esbuild.BuildFailure): string {
  const wantsNode = failure.errors.some((error) =>
    error.notes.some((note) => note.text.includes("Are you trying to bundle for node?")),
  );
  return wantsNode ? '\nA file that uses Node APIs needs "use node" as its first line and may hold actions only.' : "";
}

// ---------------------------------------------------------------------------------------------------
// Plugins

const serverOnlyStub: esbuild.Plugin = {
  name: "server-only-stub",
  setup(build) {
    build.onResolve({ filter: /^server-only$/ }, ({ path }) => ({ path, namespace: "server-only-stub" }));
    build.onLoad({ filter: /.*/, namespace: "server-only-stub" }, () => ({ contents: "", loader: "js" }));
  },
};

const asyncHooksShim: esbuild.Plugin = {
  name: "async-hooks-shim",
  setup(build) {
    build.onResolve({ filter: /^(node:)?async_hooks$/ }, ({ path }) => ({ path, namespace: "async-hooks-shim" }));
    build.onLoad({ filter: /.*/, namespace: "async-hooks-shim" }, () => ({
      contents:
        "export const AsyncLocalStorage = globalThis.AsyncLocalStorage;" +
        "export const AsyncResource = globalThis.AsyncResource;" +
        "export default { AsyncLocalStorage, AsyncResource };",
      loader: "js",
    }));
  },
};

/** `import wasm from "./x.wasm"` gives a compiled `WebAssembly.Module`. */
const wasmModules: esbuild.Plugin = {
  name: "wasm-modules",
  setup(build) {
    build.onResolve({ filter: /\.wasm$/ }, (args) => {
      if (args.namespace === "wasm-module") return { path: args.path, namespace: "file" };
      return { path: path.resolve(args.resolveDir, args.path), namespace: "wasm-module" };
    });
    build.onLoad({ filter: /.*/, namespace: "wasm-module" }, ({ path: file }) => ({
      contents: `import bytes from ${JSON.stringify(file)};\nexport default new WebAssembly.Module(bytes);`,
      resolveDir: path.dirname(file),
    }));
    build.initialOptions.loader = { ...build.initialOptions.loader, ".wasm": "binary" };
  },
};

/** Leaves imports of other definitions to the loader, which answers with their definition path. */
function importedDefinitions(convexDir: string): esbuild.Plugin {
  return {
    name: "imported-definitions",
    setup(build) {
      onDefinitionImport(build, (file) => {
        const encoded = Buffer.from(definitionPathOf(convexDir, path.dirname(file))).toString("base64url");
        return { path: COMPONENT_IMPORT_PREFIX + encoded, external: true };
      });
    },
  };
}

/** Folders of all components reachable from the app's `convex.config`. */
async function findComponentDirectories(project: Project): Promise<string[]> {
  const { convexDir } = project;
  const entry = ["convex.config.ts", "convex.config.js"].find((base) => existsSync(path.join(convexDir, base)));
  if (!entry) return [];
  const found = new Set<string>();
  const collect: esbuild.Plugin = {
    name: "collect-definitions",
    setup(build) {
      onDefinitionImport(build, (file) => {
        found.add(path.dirname(file));
        return { path: file };
      });
    },
  };
  await build(project, convexDir, [path.join(convexDir, entry)], {
    platform: "browser",
    splitting: false,
    plugins: [collect],
  });
  return [...found];
}

function onDefinitionImport(build: esbuild.PluginBuild, resolved: (file: string) => esbuild.OnResolveResult): void {
  build.onResolve({ filter: /convex\.config/ }, async (args) => {
    if (args.kind === "entry-point" || args.pluginData === "resolving") return undefined;
    const candidates = [args.path, args.path.replace(/\.js$/, ".ts"), `${args.path}.js`, `${args.path}.ts`];
    for (const candidate of candidates) {
      const { kind, resolveDir, importer } = args;
      const result = await build.resolve(candidate, { kind, resolveDir, importer, pluginData: "resolving" });
      if (result.errors.length === 0) return resolved(result.path);
    }
    return undefined;
  });
}
