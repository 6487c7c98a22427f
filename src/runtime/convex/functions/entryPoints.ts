/**
 * Which files of a Convex folder become modules, by the rules of the official CLI: every JavaScript or
 * TypeScript file except generated code, schemas, dotfiles, names with more than one dot, paths with
 * spaces, folders that define a component, and TypeScript files that neither import nor export.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DeploymentError } from "./deploymentError.ts";

const ENTRY_POINT = /\.(js|mjs|cjs|ts|tsx|mts|cts|jsx)$/;
/** These are evaluated by the deployment itself and so must run in the isolate. */
const ISOLATE_ONLY = new Set(["http", "crons", "schema", "auth.config"]);
/** Comments and other directives may precede "use node"; statements may not. */
const USE_NODE = /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(["'])use (?!node)[\w ]+\1;?)*(["'])use node\2/;

export interface EntryPoints {
  isolate: string[];
  node: string[];
}

/** Absolute paths of the entry points under `directory`, by the environment they run in. */
export function findEntryPoints(directory: string): EntryPoints {
  const found: EntryPoints = { isolate: [], node: [] };
  for (const file of filesUnder(directory)) {
    const relative = path.relative(directory, file).split(path.sep).join("/");
    if (relative.startsWith("_deps/")) {
      throw new DeploymentError(
        `${relative} is in "_deps", which is reserved for bundled dependencies. Move the file.`,
      );
    }
    if (!isEntryPointName(relative)) continue;
    const source = readFileSync(file, "utf8");
    if (/\.tsx?$/.test(file) && !/^\s{0,100}(import|export)/m.test(source)) continue;
    found[environmentOf(relative, source)].push(file);
  }
  return found;
}

function isEntryPointName(relative: string): boolean {
  const base = path.posix.basename(relative);
  if (!ENTRY_POINT.test(base)) return false;
  if (relative.startsWith("_generated/") || relative.includes(" ")) return false;
  if (base.startsWith(".") || base.startsWith("#")) return false;
  if (base === "schema.ts" || base === "schema.js") return false;
  return base.split(".").length === 2;
}

function environmentOf(relative: string, source: string): keyof EntryPoints {
  const usesNode = source.includes("use node") && USE_NODE.test(source);
  if (usesNode && ISOLATE_ONLY.has(relative.replace(/\.[^.]+$/, ""))) {
    throw new DeploymentError(`"use node" directive is not allowed for ${relative}.`);
  }
  if (!usesNode && relative.startsWith("actions/")) {
    throw new DeploymentError(`${relative} is in the folder "actions", where every file needs "use node".`);
  }
  return usesNode ? "node" : "isolate";
}

function* filesUnder(directory: string): Generator<string> {
  const entries = readdirSync(directory, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const child = path.join(directory, entry.name);
    if (entry.isFile()) yield child;
    else if (entry.isDirectory() && !existsSync(path.join(child, "convex.config.ts"))) yield* filesUnder(child);
  }
}
