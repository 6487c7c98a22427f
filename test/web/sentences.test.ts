import { ConvexError } from "convex/values";
import { expect, test } from "vitest";
import { sentenceOf, unknownTrouble } from "../../src/web/app/sentences.ts";

test("a refusal is shown in its own words", () => {
  expect(sentenceOf(new ConvexError({ code: "invalid", message: "A title must not be empty." }))).toBe(
    "A title must not be empty.",
  );
});

test("anything else a call throws is shown as one sentence that gives nothing away", () => {
  const trouble = [
    new Error("[CONVEX M(messages:send)] Server Error at /app/x.ts:3"),
    new ConvexError("plain"),
    null,
    "rejected",
  ];
  expect(trouble.map(sentenceOf)).toEqual(trouble.map(() => unknownTrouble));
});
