/**
 * Workers that die: the steps of media jobs, each in a worker of its own which ends for good at a chosen moment. Whatever
 * it does outside itself, a call of the database, of the provider or of the bucket, is a moment before and one after.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { S3Client } from "@aws-sdk/client-s3";
import { vi } from "vitest";
import { look, order } from "../../convex/media/production.ts";

/** When a worker dies: with what it is about to do not done, or done and nobody there to hear of it. */
export interface Death {
  /** Counts what the workers of a job have done. */
  deed: number;
  when: "before" | "after";
}

/** The life of one job, as its workers live it. */
export interface Life {
  death: Death | null;
  /** What the workers have done so far, until one dies. */
  deeds: string[];
  diedAtMs: number | null;
}

interface Worker {
  life: Life;
  isDead: boolean;
}

type Handler = (ctx: Context, args: { jobId: string }) => Promise<unknown>;
type Context = Record<"runQuery" | "runMutation" | "runAction", (of: unknown, args: object) => Promise<unknown>>;

const present = new AsyncLocalStorage<Worker>();
const never = new Promise<never>(() => {});
const living = new Set<Worker>();

/** How many workers are at work: none of them waits for the clock, so it has to stand still for them. */
export const underWay = () => living.size;

/** Lets what the worker of the moment does happen, or not, or happen unheard. */
export async function done<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
  const worker = present.getStore();
  if (!worker) return act();
  if (worker.isDead) return never;
  const { life } = worker;
  const isFatal = life.diedAtMs === null && life.death?.deed === life.deeds.length;
  if (life.diedAtMs === null) life.deeds.push(name);
  if (isFatal && life.death?.when === "before") return die(worker);
  const result = await act();
  return isFatal ? die(worker) : result;
}

/** Has every step of a job run in a worker that `lifeOf` tells the fate of. */
export function mortalWorkers(lifeOf: (jobId: string) => Life, nameOf: (of: unknown) => string): void {
  for (const step of [order, look] as unknown as { _handler: Handler }[]) {
    const work = step._handler;
    vi.spyOn(step, "_handler").mockImplementation((ctx, args) => {
      const worker = { life: lifeOf(args.jobId), isDead: false };
      living.add(worker);
      return present.run(worker, () => work(watched(ctx, nameOf), args)).finally(() => living.delete(worker));
    });
  }
  const fetching = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) =>
    done(`${init?.method ?? "GET"} ${new URL(String(input)).pathname}`, () => fetching(input, init)),
  );
  const send = S3Client.prototype.send as (command: object) => Promise<unknown>;
  vi.spyOn(S3Client.prototype, "send").mockImplementation(function (this: S3Client, command: object) {
    return done(command.constructor.name, () => send.call(this, command));
  } as never);
}

function watched(ctx: Context, nameOf: (of: unknown) => string): Context {
  const calls = (["runQuery", "runMutation", "runAction"] as const).map((kind) => {
    const call = ctx[kind];
    return [kind, (of: unknown, args: object) => done(nameOf(of), () => call(of, args))] as const;
  });
  return { ...ctx, ...Object.fromEntries(calls) };
}

function die(worker: Worker): Promise<never> {
  worker.isDead = true;
  living.delete(worker);
  worker.life.diedAtMs = Date.now();
  return never;
}
