import { ConvexError } from "convex/values";
import { beforeAll, describe, expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../src/shared/errors.ts";
import { sentenceIn, sentenceOf } from "../../src/web/app/sentences.ts";
import { errors as deutsch } from "../../src/web/words/de/errors.ts";
import { errors as english } from "../../src/web/words/en/errors.ts";
import { speak } from "../../src/web/words/words.ts";

const refused = (code: ErrorCode, message = "A title must not be empty.") => new ConvexError({ code, message });
/** What tells a person what they can do. */
const waysOn =
  /try again|sign in|ask |go back|change|usage page|privacy page|reopen|decide|melde|frag|geh |ändere|unter |öffne|entscheide|versuch/i;

beforeAll(() => speak("en"));

describe.each([
  ["English", english],
  ["German", deutsch],
])("in %s", (_language, words) => {
  test.each(ERROR_CODES)("a refusal with the code %s is a whole sentence with a way on", (code) => {
    const sentence = sentenceIn(words, refused(code));
    expect(sentence).toMatch(/^\p{Lu}.*[.]$/u);
    expect(sentence).toMatch(waysOn);
  });

  test("a limit says when it ends", () => {
    const sentence = sentenceIn(words, new ConvexError({ code: "limit_exceeded", message: "Slow.", retryAt: 0 }));
    expect(sentence).toMatch(/\d?\d:\d\d/);
    expect(sentence).toMatch(waysOn);
  });
});

test("English says what exactly was wrong, where the refusal does", () => {
  expect(sentenceOf(refused("invalid"))).toBe("A title must not be empty. Change it and try again.");
});

test("a code that is newer than the page is told by the server's own sentence", () => {
  const newer = new ConvexError({ code: "too_early", message: "Come back tomorrow." });
  expect(sentenceOf(newer)).toBe("Come back tomorrow.");
});

test("anything else a call throws is shown as one sentence that gives nothing away", () => {
  const trouble = [
    new Error("[CONVEX M(messages:send)] Server Error at /app/x.ts:3"),
    new ConvexError("plain"),
    null,
    "rejected",
  ];
  expect(trouble.map(sentenceOf)).toEqual(trouble.map(() => english.unknown));
});
