import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { tasks } from "./tasks.ts";
import type { Timeline } from "./timeline.ts";

/** A request to one of the services around the functions. */
export interface Asked {
  method: string;
  url: URL;
  headers: Headers;
  body: Uint8Array;
}

export interface Answered {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Pieces that come one after another, each after a pause, in place of `body`; null where the connection breaks. */
  stream?: { afterMs: number; text: string | null }[];
}

/** What stands in for a service. */
export interface Service {
  /** Does what is asked, or not, and answers; null where no answer arrives. */
  answer(asked: Asked): Answered | null;
  /** How much longer than usual an answer takes. */
  delayMs?(asked: Asked): number;
}

/** No answer came. */
export class NoAnswer extends Error {
  readonly code = "ECONNRESET";

  constructor() {
    super("socket hang up");
    this.name = "NoAnswer";
  }
}

const QUICK_MS = 5;
const USUAL_MS = 120;

/** Carries requests to the simulated services, in the time that the seed gives them. */
export class Network {
  readonly #services = new Map<string, Service>();
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #faults: Faults;

  constructor({ timeline, chance, faults }: { timeline: Timeline; chance: Chance; faults: Faults }) {
    this.#timeline = timeline;
    this.#chance = chance;
    this.#faults = faults;
  }

  serve(host: string, service: Service): void {
    this.#services.set(host, service);
  }

  /** The answer to a request. Rejects with `NoAnswer`. */
  async ask(asked: Asked): Promise<Answered> {
    const service = this.#services.get(asked.url.host);
    if (!service) throw new Error(`Nothing here should ask ${asked.url.host}`);
    const task = tasks.getStore();
    return task
      ? task.cross(`${asked.method} ${asked.url.host}`, () => this.#carry(service, asked))
      : this.#carry(service, asked);
  }

  async #carry(service: Service, asked: Asked): Promise<Answered> {
    await this.#timeline.pause(this.#chance.whole(QUICK_MS, USUAL_MS) + (service.delayMs?.(asked) ?? 0));
    const answered = service.answer(asked);
    await this.#timeline.pause(this.#chance.whole(QUICK_MS, USUAL_MS));
    if (this.#faults.strikes("killedAfterEffect")) tasks.getStore()?.die();
    if (!answered) throw new NoAnswer();
    return answered;
  }
}
