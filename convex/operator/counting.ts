import { type Infer, v } from "convex/values";

/** How many rows there are; where they were too many to be counted, at least so many. */
export const vCount = v.object({ count: v.number(), isAtLeast: v.boolean() });

export type Count = Infer<typeof vCount>;

/** Counts the rows of a query, and no further than `most`. */
export async function countUpTo(rows: { take(limit: number): Promise<unknown[]> }, most: number): Promise<Count> {
  const { length } = await rows.take(most + 1);
  return { count: Math.min(length, most), isAtLeast: length > most };
}
