import type { Crew, Told } from "./crew.ts";

const LIFE = { seed: 1, course: "oneLife" as const };

/**
 * Lives one life undisturbed, and then again for every `stride`-th call of an action in it, with the action dying after
 * that call. `onDone` is told of each; gives how many calls there are.
 */
export async function sweepCrashes(crew: Crew, stride: number, onDone: (told: Told) => void): Promise<number> {
  let calls = 0;
  await crew.run([LIFE], (told) => {
    calls = told.crossings;
    onDone(told);
    return true;
  });
  const orders = Array.from({ length: Math.ceil(calls / stride) }, (_, index) => ({
    ...LIFE,
    killAfter: index * stride + 1,
  }));
  await crew.run(orders, (told) => {
    onDone(told);
    return true;
  });
  return calls;
}
