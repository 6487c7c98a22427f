import { describe, expect, test } from "vitest";
import type { LedgerEntry } from "../../src/web/app/api.ts";
import { describeEntry, forecast } from "../../src/web/features/usage/credits.ts";
import { usage as deutsch } from "../../src/web/words/de/usage.ts";
import { usage as english } from "../../src/web/words/en/usage.ts";

const entry = (given: Partial<LedgerEntry>) =>
  ({ kind: "settle", reason: "use", use: "chat", ...given }) as LedgerEntry;

describe("credits in words", () => {
  test.each([
    [0, "0 credits", "0 Credits"],
    [1, "1 credit", "1 Credit"],
    [-1, "-1 credit", "-1 Credit"],
    [1_970, "1,970 credits", "1.970 Credits"],
  ])("%i is %s, and in German %s", (credits, inEnglish, inGerman) => {
    expect(english.credits(credits)).toBe(inEnglish);
    expect(deutsch.credits(credits)).toBe(inGerman);
  });

  test.each([
    [{}, "Reply"],
    [{ kind: "hold", use: "video" }, "Video: set aside"],
    [{ kind: "release", use: "image", reason: "failed" }, "Image: failed, nothing charged"],
    [{ kind: "refund", reason: "operator" }, "Reply: given back"],
    [{ kind: "grant", use: null, reason: "plan" }, "A month of your plan"],
  ] satisfies [Partial<LedgerEntry>, string][])("the entry %j is told as %s", (given, words) => {
    expect(describeEntry(english, entry(given))).toBe(words);
  });

  test("a forecast says how long credits last, or that nothing was spent", () => {
    expect(forecast(english, null)).toContain("Nothing was spent");
    expect(forecast(english, 0)).toContain("less than a day");
    expect(forecast(english, 1)).toContain("about 1 day.");
    expect(forecast(english, 51_326)).toContain("more than a year");
    expect(forecast(english, 12)).toContain("about 12 days.");
    expect(forecast(deutsch, 12)).toContain("etwa 12 Tage.");
  });
});
