import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hasObject, putObject } from "../../convex/media/bucket.ts";

/** A bucket that leaves the first requests without an answer, and answers the others. */
let server: Server;
let silences: number;
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.method ?? "");
    request.resume();
    if (asked.length > silences) request.on("end", () => response.writeHead(200).end());
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
