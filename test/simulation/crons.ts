import { makeFunctionReference } from "convex/server";
import crons from "../../convex/crons.ts";
import type { World } from "./world.ts";

const DAY_MS = 24 * 60 * 60_000;
const UNIT_MS = { seconds: 1_000, minutes: 60_000, hours: 60 * 60_000 } as const;

/** The one cron that is an action. */
const RECONCILING = "usage/reconciling:reconcileAll";

interface Cron {
  name: string;
  reference: unknown;
  args: unknown;
  intervalMs: number;
  ranAtMs: number;
}

/** The crons of the deployment. They are late as the simulation's strides are long, and never early. */
export class Crons {
  readonly #world: World;
  readonly #crons: Cron[];

  constructor(world: World) {
    this.#world = world;
    this.#crons = Object.values(crons.crons).map(({ name, args, schedule }) => ({
      name,
      args: (args as unknown[])[0],
      reference: makeFunctionReference(name),
      intervalMs: intervalOf(schedule as Schedule),
      ranAtMs: world.timeline.nowMs,
    }));
  }

  /** Starts those that are due, in an order that the seed draws, and perhaps one of them twice. */
  tick(): void {
    const { timeline, chance, faults } = this.#world;
    const due = this.#crons.filter(({ ranAtMs, intervalMs }) => ranAtMs + intervalMs <= timeline.nowMs);
    for (const cron of due) {
      cron.ranAtMs = timeline.nowMs;
      const times = faults.strikes("cronsOverlap") ? 2 : 1;
      for (let time = 0; time < times; time++) timeline.after(chance.whole(0, 500), () => this.#run(cron));
    }
  }

  #run({ name, reference, args }: Cron): void {
    const { backend } = this.#world;
    const run = (name === RECONCILING ? backend.action : backend.mutation) as (
      reference: unknown,
      args: unknown,
    ) => Promise<unknown>;
    // A run of a cron that fails is done with: the next one comes.
    this.#world.start(name, async () => void (await run(reference, args).catch(logged)));
  }
}

type Schedule = { type: string } & Partial<Record<keyof typeof UNIT_MS, number>>;

function intervalOf(schedule: Schedule): number {
  const units = Object.entries(UNIT_MS) as [keyof typeof UNIT_MS, number][];
  return units.reduce((sum, [unit, ms]) => sum + (schedule[unit] ?? 0) * ms, 0) || DAY_MS;
}

function logged(error: unknown): void {
  console.error("A cron failed", error);
}
