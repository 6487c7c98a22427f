import { globSync, readFileSync } from "node:fs";
import { ConvexError } from "convex/values";
import { beforeAll, describe, expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode, REPLY_ERRORS, type ReplyErrorCode } from "../../src/shared/errors.ts";
import { sentenceIn, sentenceOf } from "../../src/web/app/sentences.ts";
import { errors as deutsch } from "../../src/web/words/de/errors.ts";
import { messages as deutscheNachrichten } from "../../src/web/words/de/messages.ts";
import { errors as english } from "../../src/web/words/en/errors.ts";
import { messages as englishMessages } from "../../src/web/words/en/messages.ts";
import { speak } from "../../src/web/words/words.ts";

const refused = (code: ErrorCode, message = "A title must not be empty.") => new ConvexError({ code, message });
/** What tells a person what they can do. */
const waysOn =
  /try again|sign in|ask |go back|change|usage page|privacy page|reopen|decide|melde|frag|geh |ändere|unter |öffne|entscheide|versuch|bitte /i;

beforeAll(() => speak("en"));

test("what the backend's sources refuse with are the codes that have a sentence, each of them and no other", () => {
  const sources = globSync("convex/**/*.ts", { exclude: ["convex/_generated/**"] }).map((file) => ({
    file,
    text: readFileSync(file, "utf8"),
  }));
  const codes = sources.flatMap(({ text }) =>
    [...text.matchAll(/\b(?:refusal\(|refuse\(request,)\s*"([a-z_]+)"/g)].map(([, code]) => code),
  );
  expect([...new Set(codes)].sort()).toEqual([...ERROR_CODES].sort());
  const throwing = sources.filter(({ text }) => text.includes("new ConvexError(")).map(({ file }) => file);
  expect(throwing).toEqual(["convex/lib/errors.ts"]);
});

describe.each([
  ["English", english, englishMessages],
  ["German", deutsch, deutscheNachrichten],
])("in %s", (_language, words, { endings }) => {
  test.each(Object.keys(REPLY_ERRORS) as ReplyErrorCode[])(
    "a reply that ended as %s says so in whole sentences with a way on",
    (code) => {
      expect(endings[code]).toMatch(/^\p{Lu}.*[.]$/u);
      expect(endings[code]).toMatch(waysOn);
    },
  );

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
