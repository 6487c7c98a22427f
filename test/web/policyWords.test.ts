import { describe, expect, test } from "vitest";
import { DATA_CLASSES, type DataClass, type DataClassId } from "../../src/policy/dataClasses.ts";
import { periodInWords } from "../../src/policy/words.ts";
import { periodIn } from "../../src/web/features/privacy/period.ts";
import { policy } from "../../src/web/words/de/policy.ts";
import { privacy as german } from "../../src/web/words/de/privacy.ts";
import { privacy as english } from "../../src/web/words/en/privacy.ts";

const classes = Object.entries(DATA_CLASSES as Record<string, DataClass>) as [DataClassId, DataClass][];

describe("what the policy says in German", () => {
  test.each(classes)("%s leaves out no rule and no reason", (id, { rules, purpose }) => {
    const words = policy.classes[id];
    expect(words.rules).toHaveLength(rules.length);
    expect(words.purpose === undefined).toBe(purpose === undefined);
    expect(words.rules.map(({ until }) => until !== undefined)).toEqual(rules.map(({ period }) => "until" in period));
  });
});

test("periods read as the policy itself says them", () => {
  const periods = classes.flatMap(([, { rules }]) => rules.map(({ period }) => period));
  for (const period of periods) {
    const until = "until" in period ? period.until : undefined;
    expect(periodIn(english, period, until)).toBe(periodInWords(period));
  }
});

test("a period is counted in German too", () => {
  expect(periodIn(german, { ms: 60 * 24 * 60 * 60_000 }, undefined)).toBe("60 Tage");
  expect(periodIn(german, { fullYears: 7 }, undefined)).toBe("7 volle Jahre");
});
