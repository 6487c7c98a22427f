import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeChunked } from "../../../src/runtime/objects/chunkedBody.ts";
import { admit } from "../../../src/runtime/objects/gate.ts";
import { readRequest } from "../../../src/runtime/objects/s3Request.ts";
import { CHUNKED_EXAMPLE, EXAMPLE_BUCKET, EXAMPLE_KEYS, SIGNED_AT_MS, TRAILER_EXAMPLE } from "./signatureVectors.ts";

type Example = typeof CHUNKED_EXAMPLE;

/** Decodes what the example's request announces, from a body cut into pieces at will. */
async function decode({ wire }: Example, pieces: Buffer[]) {
  const payload = admit(readRequest(wire, EXAMPLE_BUCKET), EXAMPLE_KEYS, SIGNED_AT_MS);
  if (payload.kind !== "chunked") throw new Error("the example is chunked");
  return collect(decodeChunked(streamOf(pieces), payload));
}

async function decodeUnsigned(body: string, pieces = [Buffer.from(body, "latin1")]) {
  return collect(decodeChunked(streamOf(pieces), { signatures: null, hasTrailers: true }));
}

async function* streamOf(pieces: Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}

async function collect(chunks: ReturnType<typeof decodeChunked>) {
  const bytes: Buffer[] = [];
  let step = await chunks.next();
  for (; !step.done; step = await chunks.next()) bytes.push(step.value);
  return { bytes: Buffer.concat(bytes).toString("latin1"), trailers: Object.fromEntries(step.value) };
}

function cutAt(body: string, positions: number[]): Buffer[] {
  const bytes = Buffer.from(body, "latin1");
  const cuts = [0, ...positions.toSorted((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
}

const A = "a".repeat(66_560);

test.each([
  [CHUNKED_EXAMPLE, {}],
  [TRAILER_EXAMPLE, { "x-amz-checksum-crc32c": "sOO8/Q==" }],
])("Amazon's own example of $name decodes, however the network cuts it", async (example, trailers) => {
  const anyCuts = fc.array(fc.nat(example.body.length), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(anyCuts, async (cuts) => {
      expect(await decode(example, cutAt(example.body, cuts))).toEqual({ bytes: A, trailers });
    }),
    { numRuns: 50 },
  );
});

test.each([
  ["a changed byte", CHUNKED_EXAMPLE, "aaa", "aba"],
  ["a changed signature", CHUNKED_EXAMPLE, "ad80c7", "ad80c8"],
  ["a chunk without signature", CHUNKED_EXAMPLE, /;chunk-signature=0055[0-9a-f]*/, ""],
  ["a changed trailer", TRAILER_EXAMPLE, "sOO8/Q==", "sOO8/R=="],
  ["a trailer without signature", TRAILER_EXAMPLE, /x-amz-trailer-signature:.*\r\n/, ""],
  ["one more trailer", TRAILER_EXAMPLE, "sOO8/Q==\r\n", "sOO8/Q==\r\nx-amz-meta-a:b\r\n"],
])("%s in a signed body is refused", async (_what, example, from, to) => {
  const pieces = [Buffer.from(example.body.replace(from, to), "latin1")];
  await expect(decode(example, pieces)).rejects.toMatchObject({ code: "SignatureDoesNotMatch" });
});

test("chunks of a signed body can be neither left out nor swapped nor repeated", async () => {
  const [first, second, last] = CHUNKED_EXAMPLE.body.split(/(?<=a\r\n)/) as [string, string, string];
  for (const chunks of [[second, last], [second, first, last], [first, first, second, last], [first, last], [last]])
    await expect(decode(CHUNKED_EXAMPLE, [Buffer.from(chunks.join(""))])).rejects.toMatchObject({
      code: "SignatureDoesNotMatch",
    });
});

test("a chunked body that ends early is refused wherever it ends", async () => {
  const body = "3\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:hYfYgg==\r\n\r\n";
  expect((await decodeUnsigned(body)).bytes).toBe("abcde");
  for (let end = 0; end < body.length; end++)
    await expect(decodeUnsigned(body.slice(0, end))).rejects.toMatchObject({ code: "IncompleteBody" });
});

test.each([
  ["a size that is no number", "x\r\nabc\r\n", "IncompleteBody"],
  ["a negative size", "-3\r\nabc\r\n", "IncompleteBody"],
  ["a size beyond all numbers", "fffffffffffffffff\r\nabc\r\n", "IncompleteBody"],
  ["bytes behind a chunk's end", "2\r\nabc\r\n0\r\n\r\n", "IncompleteBody"],
  ["a chunk header that never ends", "0".repeat(10_000), "IncompleteBody"],
  ["a trailer without a name", "0\r\n:x\r\n\r\n", "MalformedTrailerError"],
  ["trailers without end", `0\r\n${"a:b\r\n".repeat(100)}\r\n`, "MalformedTrailerError"],
])("%s is refused", async (_what, body, code) => {
  await expect(decodeUnsigned(body)).rejects.toMatchObject({ code });
});
