import { describe, expect, test } from "vitest";
import * as deutsch from "../../src/web/words/de/index.ts";
import * as english from "../../src/web/words/en/index.ts";
import { formatsIn } from "../../src/web/words/formats.ts";
import { firstSpoken } from "../../src/web/words/language.ts";

test.each([
  [["de-AT", "en"], "de"],
  [["fr", "de"], "de"],
  [["en-GB"], "en"],
  [["fr-FR"], "en"],
  [[""], "en"],
  [[], "en"],
] as const)("whoever reads %j is spoken to in %s", (tags, language) => {
  expect(firstSpoken(tags)).toBe(language);
});

/** Every text with its path, functions left out. */
function textsOf(words: unknown, path = ""): [string, string][] {
  if (typeof words === "string") return [[path, words]];
  if (typeof words !== "object" || words === null) return [];
  return Object.entries(words).flatMap(([name, value]) => textsOf(value, path ? `${path}.${name}` : name));
}

test("no text of more than two words was left in English", () => {
  const german = new Map(textsOf(deutsch));
  const untranslated = textsOf(english).filter(
    ([path, text]) => text.split(" ").length > 2 && german.get(path) === text,
  );
  expect(untranslated).toEqual([]);
  expect(german.size).toBeGreaterThan(50);
});

test("German speaks to one person, as du", () => {
  const formal = textsOf(deutsch).filter(([, text]) => /\b(?:Ihr|Ihre[nmrs]?|Ihnen)\b/.test(text));
  expect(formal).toEqual([]);
});

describe.each([
  ["en", ["1 chat", "1,200 chats", "999 bytes", "1.5 MB", "21 kB"]],
  ["de", ["1 Chat", "1.200 Chats", "999 Byte", "1,5 MB", "21 kB"]],
] as const)("numbers in %s", (language, [one, many, small, large, whole]) => {
  const formats = formatsIn(language);
  const forms = language === "en" ? { one: "chat", other: "chats" } : { one: "Chat", other: "Chats" };

  test("are counted with the noun's right form", () => {
    expect(formats.count(1, forms)).toBe(one);
    expect(formats.count(1_200, forms)).toBe(many);
  });

  test("of bytes are written in the unit that fits", () => {
    expect(formats.bytes(999)).toBe(small);
    expect(formats.bytes(1_500_000)).toBe(large);
    expect(formats.bytes(21_200)).toBe(whole);
  });
});
