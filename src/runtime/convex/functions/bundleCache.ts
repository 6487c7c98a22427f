/**
 * Keeps the bundle of a Convex folder from one start to the next, since bundling is most of a start.
 *
 * [Note: What a bundle depends on]
 * A kept bundle is used only while the contents of all files it was made of are the same, and so are the names of
 * the files in the folder, the files that say how imports are resolved, the bundler and the code that drives it.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { version as esbuildVersion } from "esbuild";
import { type Bundle, bundleConvexFolder } from "./bundle.ts";

/** Beside the Convex folder; they decide where imports lead, and need not exist. */
const RESOLUTION_FILES = ["package.json", "package-lock.json", "tsconfig.json", "convex.json"];
const BUNDLER_FILES = ["bundle.ts", "entryPoints.ts", "bundleCache.ts"];

interface KeptBundle {
  inputs: string[];
  fingerprint: string;
  bundle: Bundle;
}

/** The folder's bundle as `bundleConvexFolder` makes it. `cacheDir` is created when missing and may be deleted. */
export async function bundleWithCache(convexDir: string, cacheDir: string): Promise<Bundle> {
  const file = path.join(cacheDir, `bundle-${digest([convexDir])}.json`);
  const kept = readKept(file);
  if (kept && fingerprintOf(convexDir, kept.inputs) === kept.fingerprint) return kept.bundle;
  const startedMs = Date.now();
  const read = new Set<string>();
  const bundle = await bundleConvexFolder(convexDir, read);
  const inputs = [...read].sort();
  const fingerprint = fingerprintOf(convexDir, inputs);
  // What was written meanwhile may or may not be in the bundle.
  const isCurrent = inputs.every((input) => (statSync(input, { throwIfNoEntry: false })?.mtimeMs ?? 0) < startedMs);
  if (fingerprint !== null && isCurrent) keep(file, { inputs, fingerprint, bundle });
  return bundle;
}

function readKept(file: string): KeptBundle | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as KeptBundle;
  } catch {
    return null; // Never kept, deleted, or of a process that ended while writing.
  }
}

/** A folder that cannot be written to costs the next start some time, and nothing else. */
function keep(file: string, kept: KeptBundle): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    // Several processes may start at once: each file appears whole.
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(kept));
    renameSync(`${file}.${process.pid}`, file);
  } catch {}
}

/** Null when an input is gone. */
function fingerprintOf(convexDir: string, inputs: readonly string[]): string | null {
  const root = path.dirname(convexDir);
  const optional = RESOLUTION_FILES.map((name) => contentOf(path.join(root, name)) ?? "");
  const own = BUNDLER_FILES.map((name) => contentOf(path.join(import.meta.dirname, name)) ?? "");
  const contents = inputs.map(contentOf);
  if (contents.includes(null)) return null;
  const names = readdirSync(convexDir, { recursive: true, encoding: "utf8" }).sort();
  return digest([process.version, esbuildVersion, ...optional, ...own, ...names, ...inputs, ...(contents as string[])]);
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function digest(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}
