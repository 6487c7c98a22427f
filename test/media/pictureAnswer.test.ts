import { describe, expect, it } from "vitest";
import { readPictureAnswer } from "../../convex/media/providers/pictureAnswer.ts";

const PICTURE = Buffer.from(Array.from({ length: 1_000 }, (_, index) => (index * 37) % 251));
const MOST_BYTES = 4_096;

async function* inPieces(text: string, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

const read = (text: string, pieceBytes = 7) => readPictureAnswer(inPieces(text, pieceBytes), MOST_BYTES);
const answerOf = (data: object) => JSON.stringify({ created: 1, data: [data] });

describe("a picture in an answer", () => {
  it.each([1, 2, 3, 5, 64, 100_000])("is decoded on its way, in pieces of %i bytes", async (pieceBytes) => {
    const data = { revised_prompt: "reiher, früh — 白鷺", b64_json: PICTURE.toString("base64"), size: "512x512" };
    const { json, picture } = await read(answerOf(data), pieceBytes);
    expect(Buffer.from(picture).equals(PICTURE)).toBe(true);
    expect(json).toEqual({ created: 1, data: [{ ...data, b64_json: "" }] });
  });

  it("may have its slashes escaped and space around its name", async () => {
    const base64 = PICTURE.toString("base64").replaceAll("/", "\\/");
    expect(base64).toContain("\\/");
    const { picture } = await read(`{ "data" : [ { "b64_json" :\n "${base64}" } ] }`);
    expect(Buffer.from(picture).equals(PICTURE)).toBe(true);
  });

  it("is not looked for in the words around it, which are given as they are", async () => {
    const data = { revised_prompt: 'say "b64_json": "AAAA"', b64_json: null, url: "https://cdn.example/1.png" };
    const { json, picture } = await read(answerOf(data));
    expect(json).toEqual({ created: 1, data: [data] });
    expect(picture).toHaveLength(0);
  });

  it("ends the reading where it is too large, and so do endless words", async () => {
    const large = answerOf({ b64_json: Buffer.alloc(MOST_BYTES + 1).toString("base64") });
    await expect(read(large, 1_000)).rejects.toMatchObject({ code: "result_too_large" });
    const endless = answerOf({ revised_prompt: "x".repeat(2 ** 20) });
    await expect(read(endless, 65_536)).rejects.toMatchObject({ code: "provider_invalid" });
  });

  it.each(["", "<html>", '{"data":[{"b64_json":"AAAA"}', '{"data":[{"b64_json":"AAA'])(
    "in %j is none",
    async (text) => {
      await expect(read(text)).rejects.toThrow(SyntaxError);
    },
  );
});
