/** Builds the web app when its sources have changed since the last build, and only then. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Env } from "./config.ts";
import { readIfThere, tryLock } from "./dataFolder.ts";
import { HomeError } from "./homeError.ts";

/** What the build depends on, relative to the project: change any of it and the app is built anew. */
const SOURCES = [
  "src/web",
  "src/shared",
  "src/policy",
  "src/runtime/contentPolicy.ts",
  "src/runtime/pageHeaders.ts",
  "convex/_generated",
  "vite.config.ts",
  "package-lock.json",
];

/** Its presence says that a folder is a whole build, its content says of which sources. */
const STAMP = "sources.sha256";

const LOCK_POLL_MS = 200;

export interface WebBuildOptions {
  projectDir: string;
  /** Variables that begin with `VITE_` are built into the app. */
  env: Env;
  log: (line: string) => void;
  /** Aborting it ends a build that is running. */
  signal: AbortSignal;
}

/**
 * Makes `dist/web` current. Several homes may ask at once: one builds, the others wait for it. A build appears
 * whole or not at all. Throws `HomeError` with the builder's output when it fails.
 */
export async function ensureWebBuild({ projectDir, env, log, signal }: WebBuildOptions): Promise<void> {
  const dist = path.join(projectDir, "dist");
  const viteEnv = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("VITE_")));
  const wanted = hashOf(
    SOURCES.map((source) => path.join(projectDir, source)),
    viteEnv,
  );
  const isCurrent = () => readIfThere(path.join(dist, "web", STAMP)) === wanted;
  if (isCurrent()) return;
  mkdirSync(dist, { recursive: true });
  const release = await waitForLock(path.join(dist, "web.lock"), signal);
  try {
    if (isCurrent()) return;
    log("Building the web app …");
    await build({ projectDir, outDir: path.join(dist, "web.next"), viteEnv, signal });
    writeFileSync(path.join(dist, "web.next", STAMP), wanted);
    rmSync(path.join(dist, "web"), { recursive: true, force: true });
    renameSync(path.join(dist, "web.next"), path.join(dist, "web"));
  } finally {
    release();
  }
}

async function waitForLock(file: string, signal: AbortSignal): Promise<() => void> {
  for (;;) {
    const release = tryLock(file);
    if (release) return release;
    await sleep(LOCK_POLL_MS, undefined, { signal });
  }
}

interface Build {
  projectDir: string;
  outDir: string;
  viteEnv: Env;
  signal: AbortSignal;
}

/** Runs Vite as a process of its own, which uses another core and gives its memory back. */
async function build({ projectDir, outDir, viteEnv, signal }: Build): Promise<void> {
  const vite = path.join(projectDir, "node_modules/vite/bin/vite.js");
  const args = ["build", "--outDir", outDir, "--emptyOutDir", "--logLevel", "warn"];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", vite, ...args], {
    cwd: projectDir,
    // A test runner says "test" here, and React would be built for developers.
    env: { ...process.env, ...viteEnv, NODE_ENV: "production" },
    signal,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  if (code !== 0) throw new HomeError(`The web app could not be built:\n${output.trim()}`);
}

function hashOf(paths: string[], viteEnv: Env): string {
  const hash = createHash("sha256").update(JSON.stringify(Object.entries(viteEnv).sort()));
  for (const file of paths.flatMap(filesUnder)) hash.update(`${file}\0`).update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

function filesUnder(place: string): string[] {
  const entry = statSync(place, { throwIfNoEntry: false });
  if (!entry?.isDirectory()) return entry ? [place] : [];
  return readdirSync(place)
    .sort()
    .flatMap((name) => filesUnder(path.join(place, name)));
}
