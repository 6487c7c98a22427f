import { describe, expect, test } from "vitest";
import {
  type MediaModel,
  optionsFor,
  optionsOfAnother,
  optionsOfEach,
  priceOf,
  ratioOf,
  readSeed,
} from "../../src/web/features/media/orders.ts";

const painter: MediaModel = {
  id: "painter",
  label: "Painter",
  modality: "image",
  seed: true,
  limits: { promptCharacters: 4_000 },
  prices: [
    { size: "1024x1024", credits: 40 },
    { size: "512x512", credits: 10 },
  ],
};
const director: MediaModel = {
  id: "director",
  label: "Director",
  modality: "video",
  seed: false,
  aspectRatios: ["16:9", "9:16"],
  limits: { promptCharacters: 4_000, seconds: 8, defaultSeconds: 4 },
  prices: { perSecond: 20 },
};

describe("what is ordered", () => {
  test("is as wished where the model has it", () => {
    expect(optionsFor(painter, { size: "512x512", seed: 7 })).toEqual({ size: "512x512", seed: 7 });
    expect(optionsFor(director, { aspectRatio: "9:16", seconds: 2 })).toEqual({ aspectRatio: "9:16", seconds: 2 });
  });

  test("is as the model takes it by default where nothing fits", () => {
    expect(optionsFor(painter, { size: "640x480", aspectRatio: "9:16", seconds: 3 })).toEqual({ size: "1024x1024" });
    expect(optionsFor(director, { size: "512x512", seed: 7 })).toEqual({ aspectRatio: "16:9", seconds: 4 });
    expect(optionsFor(director, { seconds: 60 })).toMatchObject({ seconds: 8 });
    expect(optionsFor({ ...director, aspectRatios: [] }, {}).aspectRatio).toBeUndefined();
  });

  test("costs what the catalogue says", () => {
    expect(priceOf(painter, optionsFor(painter, { size: "512x512" }))).toBe(10);
    expect(priceOf(director, optionsFor(director, { seconds: 3 }))).toBe(60);
  });

  test("in several, has seeds that follow on, or none", () => {
    expect(optionsOfEach({ seed: 7 }, 3).map(({ seed }) => seed)).toEqual([7, 8, 9]);
    expect(optionsOfEach({ seed: 2 ** 31 - 1 }, 2).map(({ seed }) => seed)).toEqual([2 ** 31 - 1, 0]);
    expect(optionsOfEach({ size: "512x512" }, 2)).toEqual([{ size: "512x512" }, { size: "512x512" }]);
  });
});

describe("another like it", () => {
  test("differs by its seed alone", () => {
    const first = { size: "512x512", seed: 7 };
    expect(optionsOfAnother(painter, first, 0.5)).toEqual({ size: "512x512", seed: 2 ** 30 });
  });

  test("has no seed where the model takes none, or is not known any more", () => {
    expect(optionsOfAnother(director, { seconds: 3, seed: 7 }, 0.5)).toEqual({ seconds: 3, aspectRatio: "16:9" });
    expect(optionsOfAnother(undefined, { size: "512x512", seed: 7 }, 0.5)).toEqual({ size: "512x512" });
  });
});

test.each([
  ["", undefined],
  [" 12 ", 12],
  ["0", 0],
  ["-1", null],
  ["1.5", null],
  ["a heron", null],
  [`${2 ** 31}`, null],
])("a seed typed as %j is read as %j", (text, seed) => {
  expect(readSeed(text)).toBe(seed);
});

test.each([
  ["1024x512", 2],
  ["9:16", 9 / 16],
])("%s is %d times as wide as high", (shape, ratio) => {
  expect(ratioOf(shape)).toBe(ratio);
});
