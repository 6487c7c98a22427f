import { assert, bigInt, property } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeU64,
  encodeServerMessage,
  encodeU64,
  parseClientMessage,
  splitTransition,
  supportsChunks,
} from "../../../src/runtime/convex/sync/protocol.ts";

describe("timestamps", () => {
  test("zero and one are written as Convex writes them", () => {
    expect(encodeU64(0n)).toBe("AAAAAAAAAAA=");
    expect(encodeU64(1n)).toBe("AQAAAAAAAAA=");
  });

  test("every u64 survives the round trip", () => {
    const u64 = bigInt({ min: 0n, max: 2n ** 64n - 1n });
    assert(
      property(u64, (ts) => {
        expect(decodeU64(encodeU64(ts))).toBe(ts);
      }),
    );
  });

  test("text that is not 8 bytes is refused", () => {
    expect(() => decodeU64("AAAA")).toThrow(/not a timestamp/);
  });
});

describe("messages from clients", () => {
  test("a call keeps its arguments as they were sent", () => {
    const message = { type: "Mutation", requestId: 7, udfPath: "a:b", args: [{ n: { $integer: "AQAAAAAAAAA=" } }] };
    expect(parseClientMessage(JSON.stringify(message))).toEqual(message);
  });

  test.each([
    ["{", /Received Invalid JSON/],
    ['{"type":"Nonsense"}', /type/],
    ['{"type":"Mutation","requestId":-1,"udfPath":"a:b","args":[{}]}', /requestId/],
    ['{"type":"Mutation","requestId":1,"udfPath":"a:b","args":[]}', /args/],
    ['{"type":"Connect","sessionId":"me","connectionCount":0,"lastCloseReason":null}', /sessionId/],
    ['{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Add"}]}', /queryId/],
  ])("%s is refused naming what is wrong", (text, reason) => {
    expect(() => parseClientMessage(text)).toThrow(reason);
  });
});

describe("messages to clients", () => {
  test("a result goes into the message as the text it is", () => {
    const text = encodeServerMessage({
      type: "MutationResponse",
      success: true,
      requestId: 3,
      value: '{"a":[1,2]}',
      logLines: [],
      ts: 1n,
    });
    expect(JSON.parse(text)).toEqual({
      type: "MutationResponse",
      success: true,
      requestId: 3,
      result: { a: [1, 2] },
      logLines: [],
      ts: "AQAAAAAAAAA=",
    });
  });

  test("a failure without data carries no errorData at all", () => {
    const failed = { success: false as const, requestId: 3, errorMessage: "no", logLines: [] };
    const message = JSON.parse(encodeServerMessage({ type: "ActionResponse", ...failed }));
    expect(message).toEqual({ type: "ActionResponse", success: false, requestId: 3, result: "no", logLines: [] });
  });
});

describe("large transitions", () => {
  test("chunks put together are the text, also where a chunk would end inside a character", () => {
    const text = "ä€😀".repeat(1_300_000);
    const chunks = splitTransition(text).map((frame) => JSON.parse(frame));
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.map(({ chunk }) => chunk).join("") === text).toBe(true);
    expect(chunks.map(({ partNumber }) => partNumber)).toEqual(chunks.map((_, index) => index));
    expect(new Set(chunks.map(({ totalParts, transitionId }) => `${totalParts} ${transitionId}`)).size).toBe(1);
  });

  test("text of up to 5 MB stays whole", () => {
    expect(splitTransition("a".repeat(5_000_000))).toHaveLength(1);
  });

  test.each([
    ["1.28.0", true],
    ["1.48.0", true],
    ["2.0.0-alpha", true],
    ["npm-1.30.1", true],
    ["1.27.9", false],
    ["0.99.0", false],
    ["unknown", false],
    [null, false],
  ])("client version %s understands chunks: %s", (version, expected) => {
    expect(supportsChunks(version)).toBe(expected);
  });
});
