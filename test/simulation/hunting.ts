import type { Crew } from "./crew.ts";
import type { PlantedBug } from "./plantedBugs.ts";

/** Seeds within which every planted bug is found. */
export const MOST_SEEDS = 100;

/** What showed a bug: the first seed that did, and what was wrong in it. */
export interface Catch {
  seed: number;
  findings: string[];
}

/** Runs one seed after another with a bug in the sources, until one shows it; null where none does. */
export async function hunt(crew: Crew, { name: bug }: PlantedBug): Promise<Catch | null> {
  const orders = Array.from({ length: MOST_SEEDS }, (_, index) => ({ seed: index + 1, course: "chaos" as const, bug }));
  const caught: Catch[] = [];
  await crew.run(orders, ({ of: { seed }, findings }) => {
    if (findings.length > 0) caught.push({ seed, findings });
    return findings.length === 0;
  });
  const [first] = caught.toSorted((a, b) => a.seed - b.seed);
  return first ?? null;
}
