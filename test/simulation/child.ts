/** A process of a crew: runs what it is told to, one after the other. */
import type { Order, Told } from "./crew.ts";
import { prepareProcess } from "./engine.ts";

const { load, simulate, planted } = await prepareProcess();

// Libraries load parts of themselves when they are first used, which takes turns of the event loop that no seed decides.
await simulate(await load(null), { seed: 0, course: "erasedByThemselves" });

process.on("message", (order: Order) => {
  void run(order).then(
    (outcome) => process.send?.({ outcome }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");

async function run({ bug, withCourse, ...options }: Order): Promise<Told> {
  const modules = await load(bug === undefined ? null : planted(bug));
  const { log, crossings, said, ...outcome } = await simulate(modules, options);
  return withCourse ? { ...outcome, log, crossings, said } : outcome;
}
