/** What memory it takes to store a large picture that a provider sends in base64, from the first byte to the last. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { drawObjectSecret, sealObject } from "../convex/media/objectSeal.ts";
import { openBucketClient, putSealed } from "../convex/media/parts.ts";
import { openaiMedia } from "../convex/media/providers/openai.ts";
import { PICTURE_BYTES } from "../convex/media/providers/orders.ts";
import { resultOfPicture } from "../convex/media/results.ts";
import { collectGarbage, type Measurement } from "./measurement.ts";

const MIB = 2 ** 20;
const WARM_UP_BYTES = MIB;
const SAMPLE_MS = 5;
const REST_MS = 200;
const PLACE = { envId: "bench", key: "object", ownerId: "owner" };

/**
 * The most bytes that are held on the way, in the heap and outside it. Not what the process grows by: its allocator keeps
 * what others have freed, and takes more than is asked for.
 */
export async function measurePictures(): Promise<Measurement> {
  await mostHeld(WARM_UP_BYTES);
  const value = (await mostHeld(PICTURE_BYTES)) / MIB;
  return { name: "memory to store a picture of 16 MiB", value, unit: "MB", target: { of: "value", atMost: 32 } };
}

async function mostHeld(pictureBytes: number): Promise<number> {
  const provider = await startProvider(pictureBytes);
  // Buffers are given back aside, some time after they were found to be garbage.
  collectGarbage();
  await sleep(REST_MS);
  const before = heldBytes();
  let most = 0;
  const sampling = setInterval(() => {
    most = Math.max(most, heldBytes() - before);
  }, SAMPLE_MS);
  try {
    await store(provider.url);
    return most;
  } finally {
    clearInterval(sampling);
    await provider.stop();
  }
}

function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** As a job does, without the database. */
async function store(url: string): Promise<void> {
  const settings = {
    provider: "openai",
    baseUrl: `${url}/v1`,
    apiKey: "key",
    webhookSecret: null,
    models: [],
  } as const;
  const order = { kind: "image", model: "m", prompt: "noise", options: {}, name: "n", webhookUrl: null } as const;
  const placed = await openaiMedia({ ...settings, models: [] }).place(order);
  if (placed.kind !== "made" || placed.source.kind !== "bytes") throw new Error("The provider sent no picture");
  const { content } = resultOfPicture(placed.source.bytes);
  const client = openBucketClient({ endpoint: url, bucket: "bench", accessKeyId: "key", secretAccessKey: "secret" });
  const sealed = sealObject(drawObjectSecret(), PLACE, content);
  await putSealed(client, { key: PLACE.key, sealed, onParts: async () => undefined });
  client.s3.destroy();
}

async function startProvider(pictureBytes: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const file = `${import.meta.dirname}/fixture/pictureProvider.ts`;
  const stdio = ["ignore", "inherit", "inherit", "ipc"] as ("ignore" | "inherit" | "ipc")[];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", file, String(pictureBytes)], {
    stdio,
  });
  const ended = once(child, "exit");
  const told = await Promise.race([once(child, "message"), ended.then(() => null)]);
  if (!told) throw new Error("The provider of the benchmark has ended");
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return { url: (told[0] as { url: string }).url, stop };
}
