/** The search on which the plaintext tests rest finds what it claims to find. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findLeaks } from "../support/plaintext.ts";

const sentence = "Grüße an die verschwundene Papageienfeder im Keller";
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "noruxa-leaks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function leave(bytes: string | Buffer): void {
  mkdirSync(path.join(folder, "deep"), { recursive: true });
  writeFileSync(path.join(folder, "deep", "file.bin"), Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(bytes)]));
}

describe("the search for plaintext", () => {
  test.each([
    ["as it is", sentence],
    ["in capitals", sentence.replace("Papageienfeder", "PAPAGEIENFEDER")],
    ["three words of it", "die verschwundene Papageienfeder"],
    ["UTF-16", Buffer.from(sentence, "utf16le")],
    ["UTF-16, big-endian", Buffer.from(sentence, "utf16le").swap16()],
    ["hex", Buffer.from(sentence).toString("hex").toUpperCase()],
    ["percent", encodeURIComponent(sentence)],
    ["reversed", [...sentence].toReversed().join("")],
    ["base64", Buffer.from(sentence).toString("base64")],
    ["base64, one byte in", Buffer.from(`{${sentence}}`).toString("base64")],
    ["base64, two bytes in", Buffer.from(`{"${sentence}"}`).toString("base64")],
    ["base64url", Buffer.from(`??>${sentence}`).toString("base64url")],
  ])("finds a sentence left %s", (_form, left) => {
    leave(left);
    expect(findLeaks(folder, [sentence]).length).toBeGreaterThan(0);
  });

  test("finds nothing where nothing was left", () => {
    leave("Greetings from the cellar. Two words of it: verschwundene Papageienfeder");
    expect(findLeaks(folder, [sentence])).toEqual([]);
  });
});
