/** Runs simulations in processes of their own, since each needs all globals of one to itself. */
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import path from "node:path";
import type { Outcome } from "./simulation.ts";
import type { RunOptions } from "./world.ts";

/** A run that a process is told to do. */
export interface Order extends RunOptions {
  /** The name of the bug that is planted. */
  bug?: string;
  /** Whether the course comes with the outcome: what happened, what was called and what was said. */
  withCourse?: boolean;
}

type Course = Pick<Outcome, "log" | "crossings" | "said">;

export type Told = Omit<Outcome, keyof Course> & Partial<Course>;

type Answer = { outcome: Told } | { error: string };

const CHILD = path.join(import.meta.dirname, "child.ts");
/** A run makes much that lives briefly. */
const NODE_FLAGS = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=32"];
/** Runs after which a process is replaced, so that nothing that piles up in it lasts. */
const RUNS_PER_PROCESS = 400;

/** As many processes as there are cores. */
export class Crew {
  readonly #workers: Worker[];

  constructor(size = availableParallelism()) {
    this.#workers = Array.from({ length: size }, () => new Worker());
  }

  /** Does what it is told in that order, several at once, until `onDone` says no. Rejects where a run itself fails. */
  async run(orders: Iterable<Order>, onDone: (told: Told) => boolean): Promise<void> {
    const queue = orders[Symbol.iterator]();
    let goesOn = true;
    const work = async (worker: Worker) => {
      for (let next = queue.next(); goesOn && !next.done; next = queue.next()) {
        const told = await worker.run(next.value);
        goesOn = onDone(told) && goesOn;
      }
    };
    // Nobody is left at work when this ends, whatever failed.
    const ended = await Promise.allSettled(this.#workers.map(work));
    const failed = ended.find(({ status }) => status === "rejected");
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  close(): void {
    for (const worker of this.#workers) worker.close();
  }
}

class Worker {
  #child: ChildProcess | null = null;
  #runs = 0;

  async run(order: Order): Promise<Told> {
    if (this.#runs++ % RUNS_PER_PROCESS === 0) this.close();
    const child = (this.#child ??= await startChild());
    child.send(order);
    const answer = (await nextMessage(child).catch((error: Error) => ({ error: error.message }))) as Answer;
    if ("error" in answer) this.close();
    if ("outcome" in answer) return answer.outcome;
    throw new Error(`Seed ${order.seed} could not be run: ${answer.error}`);
  }

  close(): void {
    this.#child?.kill();
    this.#child = null;
  }
}

async function startChild(): Promise<ChildProcess> {
  const child = fork(CHILD, { execArgv: NODE_FLAGS });
  await nextMessage(child);
  return child;
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`A process of the simulation ended with ${code}`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message);
    });
  });
}
