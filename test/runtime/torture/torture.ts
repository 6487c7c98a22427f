/**
 * Rounds of `kill -9` at random moments while 16 clients work. An episode is a number of rounds on one data folder;
 * after each kill a copy of the database is judged, since opening the original would mend what the restart has to.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConvexHttpClient } from "convex/browser";
import { MovableClock } from "../../../src/runtime/clock.ts";
import { api, type Client, HttpClient, OfficialClient, SocketClient } from "./clients.ts";
import { judge } from "./oracles.ts";

const RUNTIME_PROCESS = path.join(import.meta.dirname, "../serving/fixtures/runtimeProcess.ts");
const CONVEX_DIR = path.join(import.meta.dirname, "fixtures/convex");
/** Kills come this long after the start at most. */
const LONGEST_LIFE_MS = 600;
/** One in so many kills hits the start itself. */
const EARLY_KILLS = 8;
const LONGEST_START_MS = 1_500;
const SETTLING_LIMIT_MS = 120_000;

export interface EpisodeResult {
  /** What was wrong, with the round it was found in; empty when everything held. */
  findings: string[];
  acknowledged: number;
}

export interface Episode {
  rounds: number;
  /** Between 0 and 1; decides when kills come. */
  random: () => number;
  /** Called after each round. */
  onRound?: () => void;
}

/** Ends at the first round with a finding. */
export async function runEpisode({ rounds, random, onRound }: Episode): Promise<EpisodeResult> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "noruxa-torture-"));
  const port = await freePort();
  const clients = startClients(`http://127.0.0.1:${port}`);
  const victim = new Victim(dataDir, port);
  try {
    const findings: string[] = [];
    for (let round = 1; round <= rounds && findings.length === 0; round += 1) {
      await liveAndDie(victim, clients, random);
      findings.push(...(await judgeCopy(dataDir, clients, false)).map((finding) => `round ${round}: ${finding}`));
      onRound?.();
    }
    if (findings.length === 0) findings.push(...(await settle(victim, dataDir, clients)));
    return { findings, acknowledged: countAcknowledged(clients) };
  } finally {
    for (const client of clients) client.close();
    await victim.kill();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** 16 of them: half by hand over sockets, two official ones, and six over HTTP. */
function startClients(apiUrl: string): Client[] {
  const sockets = Array.from(
    { length: 8 },
    (_, index) => new SocketClient(apiUrl, `socket ${index}`, { inFlight: 1 + (index % 4), isFlaky: index >= 4 }),
  );
  const officials = Array.from({ length: 2 }, (_, index) => new OfficialClient(apiUrl, `official ${index}`));
  const https = (["mutations", "actions", "drifting"] as const).flatMap((work) =>
    [0, 1].map((index) => new HttpClient(apiUrl, `${work} ${index}`, work)),
  );
  return [...sockets, ...officials, ...https];
}

async function liveAndDie(victim: Victim, clients: Client[], random: () => number): Promise<void> {
  const started = victim.start();
  if (random() < 1 / EARLY_KILLS) await sleep(random() * LONGEST_START_MS);
  else {
    await started;
    await acknowledgedSomething(clients);
    await sleep(random() * LONGEST_LIFE_MS);
  }
  await victim.kill();
  await started.catch(() => {}); // It was killed while it started.
}

/** Work is under way again. */
async function acknowledgedSomething(clients: Client[]): Promise<void> {
  const before = countAcknowledged(clients);
  while (countAcknowledged(clients) === before) await sleep(5);
}

function countAcknowledged(clients: Client[]): number {
  return clients.reduce((sum, { testimony }) => sum + testimony.acknowledged.size, 0);
}

/** Once more without a kill, until everything sent has its answer and everything scheduled has run. */
async function settle(victim: Victim, dataDir: string, clients: Client[]): Promise<string[]> {
  const apiUrl = await victim.start();
  const finished = Promise.all(clients.map((client) => client.finish())).then(() => allJobsEnded(apiUrl));
  const late = sleep(SETTLING_LIMIT_MS, "late" as const, { ref: false });
  if ((await Promise.race([finished, late])) === "late") return ["the clients never came to an end"];
  await victim.kill();
  return judgeCopy(dataDir, clients, true);
}

async function allJobsEnded(apiUrl: string): Promise<void> {
  const http = new ConvexHttpClient(apiUrl, { logger: false });
  while ((await http.query(api.load.unfinished, {})) > 0) await sleep(20);
}

async function judgeCopy(dataDir: string, clients: Client[], isOver: boolean): Promise<string[]> {
  const copyDir = `${dataDir}-copy`;
  const testimonies = clients.map(({ testimony }) => testimony);
  try {
    await cp(dataDir, copyDir, { recursive: true });
    return judge(path.join(copyDir, "convex.sqlite3"), new MovableClock(), testimonies, { isOver });
  } finally {
    await rm(copyDir, { recursive: true, force: true });
  }
}

/** The process that is killed. */
class Victim {
  readonly #dataDir: string;
  readonly #port: number;
  #process: ChildProcess | null = null;

  constructor(dataDir: string, port: number) {
    this.#dataDir = dataDir;
    this.#port = port;
  }

  /** Resolves to the address once it listens; rejects when the process ends before. */
  async start(): Promise<string> {
    const script = ["--disable-warning=ExperimentalWarning", RUNTIME_PROCESS];
    const args = [...script, this.#dataDir, CONVEX_DIR, "0", String(this.#port)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    const ended = once(child, "exit").then(() => Promise.reject(new Error("the runtime ended while it started")));
    const [line] = (await Promise.race([once(child.stdout, "data"), ended])) as [Buffer];
    ended.catch(() => {});
    return line.toString().trim();
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
