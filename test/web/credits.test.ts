import { describe, expect, test } from "vitest";
import type { LedgerEntry } from "../../src/web/app/api.ts";
import { creditsLabel, describeEntry, forecast } from "../../src/web/features/usage/credits.ts";

const entry = (given: Partial<LedgerEntry>) =>
  ({ kind: "settle", reason: "use", use: "chat", ...given }) as LedgerEntry;

describe("credits in words", () => {
  test.each([
    [0, "0 credits"],
    [1, "1 credit"],
    [-1, "-1 credit"],
    [1_970, "1,970 credits"],
  ])("%i is %s", (credits, label) => {
    expect(creditsLabel(credits)).toBe(label);
  });

  test.each([
    [{}, "Reply"],
    [{ kind: "hold", use: "video" }, "Video: set aside"],
    [{ kind: "release", use: "image", reason: "failed" }, "Image: failed, nothing charged"],
    [{ kind: "refund", reason: "operator" }, "Reply: given back"],
    [{ kind: "grant", use: null, reason: "plan" }, "A month of your plan"],
  ] satisfies [Partial<LedgerEntry>, string][])("the entry %j is told as %s", (given, words) => {
    expect(describeEntry(entry(given))).toBe(words);
  });

  test("a forecast says how long credits last, or that nothing was spent", () => {
    expect(forecast(null)).toContain("Nothing was spent");
    expect(forecast(0)).toContain("less than a day");
    expect(forecast(1)).toContain("about 1 day.");
    expect(forecast(51_326)).toContain("more than a year");
    expect(forecast(12)).toContain("about 12 days.");
  });
});
