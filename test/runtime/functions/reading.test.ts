import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import vm from "node:vm";
import { expect, test } from "vitest";
import { HOME_FLAGS } from "../../../scripts/flags.mjs";
import { Reading } from "../../../src/runtime/convex/functions/reading.ts";

const PROGRAM = path.join(import.meta.dirname, "fixtures/readingMuch.ts");

/** How far the heap of a process of its own grows beyond what lives in it, while answers of that length are read. */
async function growthOf(answerChars: number, ...how: "ended"[]): Promise<number> {
  const args = [...HOME_FLAGS, PROGRAM, String(answerChars), ...how];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}

test("while an action reads much, garbage adds a part to what is in use and not a multiple", async () => {
  const [much, little] = [await growthOf(100_000), await growthOf(100)];
  expect(much).toBeLessThan(little / 2);
});

test("what is answered when its action has ended bounds nothing, since nobody would end that", async () => {
  const [much, late] = [await growthOf(100_000), await growthOf(100_000, "ended")];
  expect(much).toBeLessThan(late / 2);
});

test("no code of the app is given the collector", () => {
  const reading = new Reading();
  reading.note("a".repeat(4 * 1024 * 1024));
  expect(vm.runInNewContext("typeof gc")).toBe("undefined");
  reading.end();
});
