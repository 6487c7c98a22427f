import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IntervalReadSet } from "../../../src/runtime/convex/store/readSet.ts";

const INDEX = 7;
const keys = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 3 });
const intervals = fc.array(fc.record({ start: keys, end: keys }), { maxLength: 12 });

/** Every key of up to three letters, in order. */
const ALL_KEYS = ["", "a", "b", "c"]
  .flatMap((first) =>
    ["", "a", "b", "c"].flatMap((second) => ["", "a", "b", "c"].map((third) => first + second + third)),
  )
  .filter((key, position, all) => all.indexOf(key) === position)
  .toSorted();

describe("a read set", () => {
  test("is touched by exactly the keys that lie in one of its intervals, however they overlap", () => {
    fc.assert(
      fc.property(intervals, (added) => {
        const reads = new IntervalReadSet();
        for (const interval of added) reads.add(INDEX, interval);
        const touched = ALL_KEYS.filter((key) => reads.isTouchedBy(new Map([[INDEX, [key]]])));
        expect(touched).toEqual(ALL_KEYS.filter((key) => added.some(({ start, end }) => start <= key && key < end)));
      }),
      { numRuns: 500 },
    );
  });

  test("is touched by a list of keys when one of them lies in it", () => {
    fc.assert(
      fc.property(intervals, fc.uniqueArray(keys), (added, written) => {
        const reads = new IntervalReadSet();
        for (const interval of added) reads.add(INDEX, interval);
        const one = written.some((key) => reads.isTouchedBy(new Map([[INDEX, [key]]])));
        expect(reads.isTouchedBy(new Map([[INDEX, written.toSorted()]]))).toBe(one);
      }),
      { numRuns: 500 },
    );
  });

  test("merges intervals that overlap or touch, and counts what is left", () => {
    const reads = new IntervalReadSet();
    const countAfter = (start: string, end: string) => {
      reads.add(INDEX, { start, end });
      return reads.intervalCount;
    };
    expect([
      countAfter("a", "b"),
      countAfter("c", "d"),
      countAfter("e", "f"),
      countAfter("b", "c"),
      countAfter("x", "x"),
    ]).toEqual([1, 2, 3, 2, 2]);
    expect(countAfter("0", "z")).toBe(1);
  });

  test("keeps indexes apart", () => {
    const reads = new IntervalReadSet();
    reads.add(1, { start: "a", end: "b" });
    reads.add(2, { start: "c", end: "d" });
    expect(reads.intervalCount).toBe(2);
    expect(
      reads.isTouchedBy(
        new Map([
          [1, ["c"]],
          [2, ["a"]],
          [3, ["a"]],
        ]),
      ),
    ).toBe(false);
  });
});
