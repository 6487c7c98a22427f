import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { getObject, hasObject, putObject } from "../../convex/media/bucket.ts";

const OBJECT_BYTES = 1_000;

/** A bucket that leaves the first requests without an answer, and answers the others, as far as it is told to. */
let server: Server;
let silences: number;
/** Of an object that is read, how many bytes it sends before it falls silent. */
let sentBytes: number;
let asked: string[];

beforeEach(async () => {
  asked = [];
  silences = 0;
  server = createServer((request, response) => {
    asked.push(request.method ?? "");
    request.resume();
    if (asked.length <= silences) return;
    if (request.method === "GET")
      response.writeHead(206, { "content-length": OBJECT_BYTES }).write(Buffer.alloc(sentBytes));
    else request.on("end", () => response.writeHead(200).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(console, "warn").mockImplementation(() => {});
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const settings = () => ({
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  bucket: "bucket",
  accessKeyId: "key",
  secretAccessKey: "secret",
});

/** Moves the time on, a second at once, until the work has settled. Real answers get some real time to arrive. */
async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  let isOver = false;
  const settled = work.finally(() => {
    isOver = true;
  });
  settled.catch(() => {});
  while (!isOver) {
    await vi.advanceTimersByTimeAsync(1_000);
    await sleep(10);
  }
  return settled;
}

describe("a bucket that does not answer", () => {
  it("is asked again after a while, and what was to be stored is stored", async () => {
    silences = 1;
    await inTime(putObject(settings(), "object", new Uint8Array([1, 2, 3])));
    expect(asked).toEqual(["PUT", "PUT"]);
  });

  it("is given up in the end, with an error that says so and nothing else", async () => {
    silences = Number.POSITIVE_INFINITY;
    await expect(inTime(hasObject(settings(), "object"))).rejects.toThrow(
      "The bucket failed to look for an object (no answer)",
    );
    expect(asked).toEqual(["HEAD", "HEAD", "HEAD", "HEAD"]);
  });
});

describe("a bucket that falls silent while an object is read", () => {
  const range = { start: 0, end: OBJECT_BYTES };

  it.each([0, 400])("after %i bytes ends the reading, with an error that says so", async (bytes) => {
    sentBytes = bytes;
    const read: number[] = [];
    const reading = async () => {
      for await (const chunk of await getObject(settings(), "object", range)) read.push(chunk.length);
    };
    await expect(inTime(reading())).rejects.toThrow("The bucket failed to send the rest of an object (no answer)");
    expect(read.reduce((sum, each) => sum + each, 0)).toBe(bytes);
    // The connection was let go of, and nothing waits for it any more.
    await expect.poll(() => connections()).toBe(0);
  });

  it("is not blamed for a reader that takes its time", async () => {
    sentBytes = OBJECT_BYTES;
    const chunks = await getObject(settings(), "object", range);
    await chunks.next();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await inTime(chunks.next())).toMatchObject({ done: true });
  });
});

const connections = () => new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
