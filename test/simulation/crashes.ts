import type { Crew, Told } from "./crew.ts";
import { LIFE_NAMES, type Life } from "./lives.ts";

const SEED = 1;
/** In a sample, a death for one kind of call in so many. */
const SAMPLED = 3;

/** What a sweep went over. */
export interface Sweep {
  /** Calls of actions in all lives, and kinds of them. */
  calls: number;
  kinds: number;
  /** Calls after which an action died. */
  killed: number;
}

/**
 * Lives every life undisturbed, and then again for each call of an action in it, with the action dying after that call;
 * with `which` of "a sample" once for every third kind of call, where it comes first. `onDone` is told of each.
 */
export async function sweepCrashes(
  crew: Crew,
  which: "each" | "a sample",
  onDone: (told: Told) => void,
): Promise<Sweep> {
  const crossings = new Map<Life, string[]>();
  const lives = LIFE_NAMES.map((course) => ({ seed: SEED, course, withCourse: true }));
  await crew.run(lives, (told) => {
    onDone(told);
    return crossings.set(told.of.course as Life, told.crossings ?? []).size > 0;
  });
  const calls = LIFE_NAMES.flatMap((course) =>
    (crossings.get(course) ?? []).map((crossing, index) => ({ course, kind: kindOf(crossing), killAfter: index + 1 })),
  );
  const kinds = new Map(calls.toReversed().map((call) => [call.kind, call]));
  const chosen = which === "each" ? calls : [...kinds.values()].filter((_, index) => index % SAMPLED === 0);
  const orders = chosen.map(({ course, killAfter }) => ({ seed: SEED, course, killAfter }));
  await crew.run(orders, (told) => {
    onDone(told);
    return true;
  });
  return { calls: calls.length, kinds: kinds.size, killed: chosen.length };
}

/** What a call is, whoever makes it and however often. */
function kindOf(crossing: string): string {
  return crossing.replaceAll(/\d+/g, "");
}
