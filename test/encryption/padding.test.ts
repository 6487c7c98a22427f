import fc from "fast-check";
import { expect, it } from "vitest";
import { pad, padmeLength, unpad } from "../../src/shared/padding.ts";

it("padding gives back exactly what was padded, trailing zeros and marks included", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      expect(Buffer.from(unpad(pad(bytes)))).toEqual(Buffer.from(bytes));
    }),
  );
});

it("a length keeps as many upper bits as its exponent takes to write, as Padmé is defined", () => {
  const lengths = [0, 1, 2, 3, 8, 9, 15, 16, 17, 33, 100, 1_000, 9_000];
  expect(lengths.map(padmeLength)).toEqual([0, 1, 2, 3, 8, 10, 16, 16, 18, 36, 104, 1_024, 9_216]);
});

it("padding costs at most 12 % and hides all but the upper bits of a length", () => {
  const lengths = new Set<number>();
  for (let length = 1; length <= 40_000; length++) {
    const padded = padmeLength(length);
    expect(padded).toBeGreaterThanOrEqual(length);
    if (length >= 32) expect(padded).toBeLessThanOrEqual(length * 1.12);
    lengths.add(padded);
  }
  expect(lengths.size).toBeLessThan(250);
});

it("bytes without a mark are no padding", () => {
  expect(() => unpad(new Uint8Array(8))).toThrow("without its mark");
  expect(() => unpad(new Uint8Array())).toThrow("without its mark");
});
