import { expect, it } from "vitest";
import { lengthPrefixed, sameBytes, toBase64Url, utf8 } from "../../src/shared/bytes.ts";
import { decodeEnvelope, encodeEnvelope } from "../../src/shared/envelope.ts";

const envelope = { alg: 1, gen: 0x0102, nonce: new Uint8Array(12).fill(5), body: new Uint8Array(20).fill(6) };

it("an envelope is version, algorithm, generation, nonce and body, in that order", () => {
  const bytes = encodeEnvelope(envelope);
  expect(Buffer.from(bytes).toString("hex")).toBe(`01010102${"05".repeat(12)}${"06".repeat(20)}`);
  expect(decodeEnvelope(bytes)).toEqual(envelope);
});

it.each([
  ["an unknown version", 0, 2, "version"],
  ["an unknown algorithm", 1, 9, "algorithm"],
])("%s is refused", (_what, at, value, said) => {
  const bytes = encodeEnvelope(envelope);
  bytes[at] = value;
  expect(() => decodeEnvelope(bytes)).toThrow(said);
});

it("an envelope shorter than its parts is refused", () => {
  expect(() => decodeEnvelope(encodeEnvelope(envelope).slice(0, 31))).toThrow("cut short");
});

it("length prefixes keep different lists of parts apart", () => {
  const lists = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"]];
  const hex = lists.map((parts) => Buffer.from(lengthPrefixed(...parts)).toString("hex"));
  expect(new Set(hex).size).toBe(lists.length);
  expect(hex[0]).toBe("000000026162" + "0000000163");
});

it("byte strings are equal when each byte is", () => {
  expect(sameBytes(utf8("tide"), utf8("tide"))).toBe(true);
  expect(sameBytes(utf8("tide"), utf8("tidf"))).toBe(false);
  expect(sameBytes(utf8("tide"), utf8("tid"))).toBe(false);
});

it("base64url has no padding and no characters that a path or a query would escape", () => {
  expect(toBase64Url(new Uint8Array([0xfb, 0xff, 0xbe, 0x01]))).toBe("-_--AQ");
});
