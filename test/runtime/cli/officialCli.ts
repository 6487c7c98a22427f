/** The official CLI as a child process, on a project folder of its own, against one deployment. */
import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { outputOnTerminal } from "../../support/terminal.ts";

const CLI = path.resolve("node_modules/convex/bin/main.js");

export interface CliResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface Project {
  dir: string;
  convexDir: string;
  /** Runs the CLI in the project, as an operator would. */
  convex(...args: string[]): Promise<CliResult>;
  /** Runs it on a terminal; what it wrote there. */
  convexOnTerminal(...args: string[]): Promise<string>;
  /** Starts a command that does not end by itself. */
  watch(...args: string[]): Watching;
  remove(): Promise<void>;
}

export interface Watching {
  /** Everything it wrote so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Copies `files` of `source` into a new folder that shares this project's packages. */
export async function makeProject(
  source: string,
  files: string[],
  deployment: { apiUrl: string; adminKey: string },
): Promise<Project> {
  const dir = await mkdtemp(path.join(tmpdir(), "noruxa-cli-"));
  for (const file of files) await cp(path.join(source, file), path.join(dir, file), { recursive: true });
  await symlink(path.resolve("node_modules"), path.join(dir, "node_modules"));
  if (!files.includes("package.json"))
    await writeFile(path.join(dir, "package.json"), JSON.stringify({ dependencies: { convex: "1" }, type: "module" }));
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: dir,
    NO_COLOR: "1",
    CI: "1",
    CONVEX_SELF_HOSTED_URL: deployment.apiUrl,
    CONVEX_SELF_HOSTED_ADMIN_KEY: deployment.adminKey,
  };
  return {
    dir,
    convexDir: path.join(dir, "convex"),
    convex: (...args) => run(args, { cwd: dir, env }),
    convexOnTerminal: (...args) => outputOnTerminal([process.execPath, CLI, ...args], { cwd: dir, env }),
    watch: (...args) => start(args, { cwd: dir, env }),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Long enough for a push with a type check, on a busy machine. */
const TIMEOUT_MS = 120_000;

function run(args: string[], options: { cwd: string; env: Record<string, string> }): Promise<CliResult> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [CLI, ...args],
      { ...options, timeout: TIMEOUT_MS },
      (error, stdout, stderr) => resolve({ exitCode: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

function start(args: string[], options: { cwd: string; env: Record<string, string> }): Watching {
  const child = spawn(process.execPath, [CLI, ...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += String(chunk)));
  return {
    output: () => text,
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The result of a command that must have succeeded. */
export function succeeded(result: CliResult): CliResult {
  if (result.exitCode !== 0) throw new Error(`The CLI failed.\n${result.stdout}\n${result.stderr}`);
  return result;
}
