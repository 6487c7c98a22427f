import { createHash } from "node:crypto";
import { WEBHOOK_SECRET } from "../support/clerkEvents.ts";
import { type Backend, type Modules, skews, startBackend } from "./backend.ts";
import { Chance } from "./chance.ts";
import { Crons } from "./crons.ts";
import { Nonces } from "./cryptography.ts";
import { Faults } from "./faults.ts";
import { surround } from "./globals.ts";
import { IDENTITY_HOST, IdentityProvider, userJson } from "./identity.ts";
import type { Life } from "./lives.ts";
import { MODELS_HOST, Models } from "./models.ts";
import { Network } from "./network.ts";
import { BUCKET, OBJECTS_HOST, Objects } from "./objects.ts";
import { Post } from "./post.ts";
import { Killed, RaceLost, Task, tasks } from "./tasks.ts";
import { Timeline } from "./timeline.ts";

/** In everything that people write and models answer, and nowhere else: it must never be seen in clear. */
export const CANARY = "kanarienvogel";
/** The secret of webhooks from before it was rotated. */
export const OLD_WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 6).toString("base64")}`;
export const MEDIA_SECRET = `whsec_${Buffer.from("a secret for media jobs!").toString("base64")}`;

/** The longest time in which what somebody has begun is done, with all that may go wrong. */
export const LONGEST_ACTIVITY_MS = 30 * 60_000;
/** How wrong a clock can be. */
export const LONGEST_SKEW_MS = 5 * 60_000;

const START_MS = Date.UTC(2031, 2, 14, 9);
const HOUR_MS = 60 * 60_000;
const USUAL_JOB_MS = 40;
const CROSSING_MS = 8;

/** How a run differs from its seed's. */
export interface RunOptions {
  seed: number;
  course: "chaos" | Life;
  /** The crossing after which the action dies that made it. */
  killAfter?: number;
}

/** The environment of the functions. */
export const ENVIRONMENT: Record<string, string> = {
  CRYPTO_KEYRING: JSON.stringify({ k1: Buffer.alloc(32, 7).toString("base64") }),
  CRYPTO_ACTIVE_KID: "k1",
  CRYPTO_ENV_ID: "simulation",
  ERASURE_KEY: Buffer.alloc(32, 11).toString("base64"),
  CONVEX_SITE_URL: "https://site.test",
  CHAT_BASE_URL: `http://${MODELS_HOST}/v1`,
  CHAT_API_KEY: "sk-simulated",
  CHAT_MODELS: JSON.stringify([{ id: "small", label: "Small", images: true }]),
  ...mediaVariables("IMAGE", [{ id: "painter", label: "Painter", prices: [{ sizes: { "1024x1024": 40 } }] }]),
  ...mediaVariables("VIDEO", [{ id: "filmer", label: "Filmer", prices: [{ perSecond: 20 }] }]),
  R2_ENDPOINT: `http://${OBJECTS_HOST}`,
  R2_BUCKET: BUCKET,
  R2_ACCESS_KEY_ID: "simulated",
  R2_SECRET_ACCESS_KEY: "simulated",
  CLERK_SECRET_KEY: "sk_test_simulated",
  CLERK_API_URL: `http://${IDENTITY_HOST}`,
};

function mediaVariables(kind: string, models: object[]): Record<string, string> {
  return {
    [`${kind}_PROVIDER`]: "openai",
    [`${kind}_BASE_URL`]: `http://${MODELS_HOST}/v1`,
    [`${kind}_API_KEY`]: "sk-simulated",
    [`${kind}_WEBHOOK_SECRET`]: MEDIA_SECRET,
    [`${kind}_MODELS`]: JSON.stringify(models),
  };
}

/** One run's world: the functions, the services around them, the faults, and what is seen of it all. */
export class World {
  readonly timeline = new Timeline(START_MS);
  readonly chance: Chance;
  readonly faults: Faults;
  readonly nonces = new Nonces();
  readonly network: Network;
  readonly objects: Objects;
  readonly identity: IdentityProvider;
  readonly models: Models;
  readonly post: Post;
  readonly crons: Crons;
  /** What the functions said. */
  readonly said: string[] = [];
  /** What happened, in its order. */
  readonly log: string[] = [];
  /** What was wrong while it happened. */
  readonly wrong: string[] = [];
  /** The crossings of the course, which begins when the world is set up and ends when all has come to rest. */
  readonly crossings: string[] = [];
  largestTransaction = { name: "", share: 0 };
  /** What was there when a hold was placed on it, by the hold's id: names of tables and ids of rows. */
  readonly held = new Map<string, [table: string, id: string][]>();
  backend!: Backend;
  readonly #killAfter: number | undefined;
  #open = 0;
  #isUnderWay = false;

  constructor({ seed, killAfter }: RunOptions) {
    this.chance = new Chance(seed);
    this.faults = new Faults(this.chance);
    this.#killAfter = killAfter;
    this.network = new Network(this);
    this.objects = new Objects(this);
    this.post = new Post(this);
    this.identity = new IdentityProvider(this.faults, {
      onDeleted: (id) => this.post.tellDeleted(id),
      onUpdated: (user) => this.post.tell("user.updated", userJson(user)),
    });
    this.models = new Models({ ...this, secret: CANARY });
    this.crons = new Crons(this);
    this.network.serve(OBJECTS_HOST, this.objects);
    this.network.serve(IDENTITY_HOST, this.identity);
    this.network.serve(MODELS_HOST, this.models);
  }

  /** Begins, with an empty database. */
  async open(modules: Modules): Promise<void> {
    Object.assign(process.env, ENVIRONMENT);
    process.env.CLERK_WEBHOOK_SECRET = `${OLD_WEBHOOK_SECRET} ${WEBHOOK_SECRET}`;
    const { timeline, chance, network, nonces } = this;
    const startJob = (name: string) => ({ task: this.newTask(name), lateMs: this.#drawLateness() });
    const skewMs = () => skews.getStore() ?? 0;
    surround({ timeline, chance, network, nonces, skewMs, say: (line) => void this.said.push(line), startJob });
    this.backend = await startBackend(modules, {
      drawSkewMs: () => (this.faults.strikes("clockWrong") ? chance.whole(-LONGEST_SKEW_MS, LONGEST_SKEW_MS) : 0),
      losesRace: () => this.faults.strikes("writeLostRace"),
      onTransaction: (name, share) => {
        if (share > this.largestTransaction.share) this.largestTransaction = { name, share };
      },
    });
  }

  /** What happens from now on is the course of the run. */
  beginCourse(): void {
    this.#isUnderWay = true;
  }

  /** From now on everything is only looked at: no action dies of that. */
  endCourse(): void {
    this.#isUnderWay = false;
  }

  close(): void {
    surround(null);
  }

  newTask(name: string): Task {
    const pause = () => this.timeline.pause(this.chance.whole(1, CROSSING_MS));
    return new Task(name, (task, what) => this.#onCrossing(task, what), pause);
  }

  /** Has something done by somebody, while everything else goes on. */
  start(name: string, act: () => Promise<void>): void {
    this.#open += 1;
    const ended = () => void (this.#open -= 1);
    tasks.run(this.newTask(name), act).then(ended, (error: unknown) => {
      ended();
      const isFault = error instanceof Killed || error instanceof RaceLost;
      if (!isFault) this.wrong.push(`${name}: ${inWords(error)}`);
    });
  }

  /** Lets time pass until everything that was started is done. */
  async finishStarted(mostMs: number): Promise<void> {
    await this.timeline.runWhile(() => this.#open > 0, mostMs);
  }

  /** Lets time pass, with the crons that become due at the end of each stride. */
  async live(totalMs: number, strideMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < totalMs; passedMs += strideMs) {
      await this.timeline.runUntil(this.timeline.nowMs + strideMs);
      this.crons.tick();
    }
    await this.timeline.runUntil(this.timeline.nowMs);
  }

  note(line: string): void {
    this.log.push(`${this.timeline.nowMs - START_MS} ${line}`);
  }

  /** What tells one course of events from another. */
  digest(): string {
    return createHash("sha256").update(this.log.join("\n")).digest("hex");
  }

  #onCrossing(task: Task, what: string): void {
    const crossing = `${task.name}: ${what}`;
    if (this.#isUnderWay) this.crossings.push(crossing);
    this.note(crossing);
    const neverRuns = what.startsWith("begin") && this.faults.strikes("neverRuns");
    if (neverRuns || (this.#isUnderWay && this.crossings.length === this.#killAfter) || this.faults.strikes("killed")) {
      task.die();
      this.note(`${task.name} dies`);
    }
  }

  #drawLateness(): number {
    const usual = this.chance.whole(0, USUAL_JOB_MS);
    return this.faults.strikes("schedulerLate") ? usual + this.chance.whole(0, HOUR_MS) : usual;
  }
}

function inWords(error: unknown): string {
  return error instanceof Error ? `${error.message} ${error.stack?.split("\n")[1]?.trim() ?? ""}` : String(error);
}
