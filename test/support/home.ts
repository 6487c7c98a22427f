/** Starts throw-away homes as child processes, so that tests, demo and benchmarks can kill them like a power cut. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HOME, HOME_FLAGS } from "../../scripts/flags.mjs";

export interface Urls {
  web: string;
  api: string;
  site: string;
  objects: string;
  identity: string;
  models: string;
}

export interface Home {
  readonly urls: Urls;
  readonly dataDir: string;
  readonly adminKey: string;
  readonly pid: number;
  /** How long the last start took until the page answered, in milliseconds. */
  readonly startMs: number;
  /** Everything the process has printed, over all its lives. */
  printed(): string;
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>;
  /** Starts again on the same folder and ports. */
  restart(): Promise<void>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Ends the process if it still runs and removes the data folder. */
  dispose(): Promise<void>;
}

export interface HomeOptions {
  /** Variables on top of the environment, such as `CHAT_BASE_URL`. */
  env?: Record<string, string>;
}

const OFFSETS = { web: 0, api: 210, site: 211, objects: 212, identity: 213, models: 214 } as const;
const START_LIMIT_MS = 45_000;
const STOP_LIMIT_MS = 10_000;

/** Starts a home in a new data folder on ports nobody uses, and waits until its page answers. */
export async function startHome({ env = {} }: HomeOptions = {}): Promise<Home> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "noruxa-home-"));
  const portBase = await findFreePortBase();
  const urls = Object.fromEntries(
    Object.entries(OFFSETS).map(([name, offset]) => [name, `http://127.0.0.1:${portBase + offset}`]),
  ) as unknown as Urls;
  let printed = "";
  const launch = () => launchHome({ portBase, dataDir, env, urls, print: (text) => void (printed += text) });

  let running = await launch();
  const adminKey = (await readFile(path.join(dataDir, "admin.key"), "utf8")).trim();
  return {
    urls,
    dataDir,
    adminKey,
    get pid() {
      return running.process.pid ?? 0;
    },
    get startMs() {
      return running.startMs;
    },
    printed: () => printed,
    kill: async () => void (await end(running.process, "SIGKILL")),
    restart: async () => void (running = await launch()),
    stop: () => end(running.process, "SIGTERM"),
    dispose: async () => {
      await end(running.process, "SIGKILL");
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

interface Launch {
  portBase: number;
  dataDir: string;
  env: Record<string, string>;
  urls: Urls;
  print: (text: string) => void;
}

async function launchHome({ portBase, dataDir, env, urls, print }: Launch) {
  const startedMs = performance.now();
  const args = [...HOME_FLAGS, HOME, "--port-base", String(portBase), "--data", dataDir];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      print(text);
    });
  }
  const deadlineMs = startedMs + START_LIMIT_MS;
  // Its ports answer a moment before it says that it is ready, and minds signals.
  while (!output.includes("Noruxa is ready") || !(await answers(urls))) {
    if (hasEnded(child)) throw new Error(`The home ended while it started:\n${output}`);
    if (performance.now() > deadlineMs) {
      await end(child, "SIGKILL");
      throw new Error(`The home did not start within ${START_LIMIT_MS} ms:\n${output}`);
    }
    await sleep(25);
  }
  return { process: child, startMs: performance.now() - startedMs };
}

/** The page and the Convex API both answer. */
async function answers(urls: Urls): Promise<boolean> {
  const asked = [`${urls.web}/`, `${urls.api}/version`].map((url) =>
    fetch(url, { signal: AbortSignal.timeout(2_000) }),
  );
  const responses = await Promise.allSettled(asked);
  return responses.every((response) => response.status === "fulfilled" && response.value.ok);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
  if (hasEnded(child)) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  const code = await ended;
  clearTimeout(late);
  return code;
}

/**
 * A home that is restarted needs the same ports again, so they are chosen here rather than by the operating system,
 * below the range it hands out to others.
 */
async function findFreePortBase(): Promise<number> {
  for (;;) {
    const base = 10_000 + Math.floor(Math.random() * 20_000);
    const free = await Promise.all(Object.values(OFFSETS).map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
