import { expect, test } from "vitest";
import { Random } from "../../../src/runtime/convex/functions/globals/random.ts";

test("the generator gives xoshiro128**'s published sequence for the seed 1, 2, 3, 4", () => {
  const random = new Random(Uint32Array.of(1, 2, 3, 4));
  expect([1, 2, 3, 4].map(() => random.next())).toEqual([11520, 0, 5927040, 70819200]);
});

test("the same seed gives the same numbers, bytes and ids, and another seed others", () => {
  const draw = (seed: number) => {
    const random = new Random(Uint32Array.of(seed, 2, 3, 4));
    const bytes = new Uint8Array(8);
    random.fill(bytes);
    return [random.float(), [...bytes], random.uuid()];
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(5));
});

test("floats lie in [0, 1) and spread over it", () => {
  const random = new Random(Uint32Array.of(9, 8, 7, 6));
  const floats = Array.from({ length: 10_000 }, () => random.float());
  expect(floats.every((float) => float >= 0 && float < 1)).toBe(true);
  const tenths = new Set(floats.map((float) => Math.floor(float * 10)));
  expect(tenths.size).toBe(10);
});
