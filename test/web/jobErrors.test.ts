import { describe, expect, test } from "vitest";
import { MEDIA_JOB_ERRORS, type MediaJobErrorCode } from "../../src/shared/media.ts";
import { media as deutsch } from "../../src/web/words/de/media.ts";
import { media as english } from "../../src/web/words/en/media.ts";

const codes = Object.keys(MEDIA_JOB_ERRORS) as MediaJobErrorCode[];
/** What tells a person what they can do. */
const waysOn = /try again|other words|ask for|versuch|anderen worten|wähle|frag /i;

describe.each([
  ["English", english],
  ["German", deutsch],
])("in %s", (_language, words) => {
  test.each(codes)("a job that failed as %s says so in a sentence with a way on, and that it cost nothing", (code) => {
    expect(words.errors[code]).toMatch(/^\p{Lu}.*[.]$/u);
    expect(words.errors[code]).toMatch(waysOn);
    expect(words.failed(words.errors[code])).toMatch(/cost nothing|nichts gekostet/);
  });
});
