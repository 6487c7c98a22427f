import { AsyncLocalStorage } from "node:async_hooks";

/** What a dead action gets in place of every answer. */
export class Killed extends Error {
  constructor() {
    super("This action is dead");
    this.name = "Killed";
  }
}

/** What an action gets for a write that lost its race more often than it is tried again. */
export class RaceLost extends Error {
  constructor() {
    super("Documents read from or written to changed while this mutation ran");
  }
}

/**
 * Something that runs in the world: an action with all it calls, or something that a person does. It touches the world
 * at crossings, and only there can it be overtaken or die. Code of a dead task may go on, as code does that catches
 * errors; but nothing it does from then on has any effect.
 */
export class Task {
  readonly name: string;
  readonly #onCrossing: (task: Task, what: string) => void;
  readonly #pause: () => Promise<void>;
  #isDead = false;

  constructor(name: string, onCrossing: (task: Task, what: string) => void, pause: () => Promise<void>) {
    this.name = name;
    this.#onCrossing = onCrossing;
    this.#pause = pause;
  }

  /** Does something that takes effect outside of the task, and takes its time. Rejects with `Killed` once it is dead. */
  async cross<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
    await this.#pause();
    this.#refuseDead();
    const result = await act();
    this.#onCrossing(this, what);
    this.#refuseDead();
    return result;
  }

  die(): void {
    this.#isDead = true;
  }

  #refuseDead(): void {
    if (this.#isDead) throw new Killed();
  }
}

/** The task that is running. */
export const tasks = new AsyncLocalStorage<Task>();
