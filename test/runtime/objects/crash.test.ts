/** What a power cut or `kill -9` leaves, at any moment. Each store here is a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { BUCKET, clientOf, filesOnDisk, MIB, patternedBytes, startTestObjects, tempFolder } from "./support.ts";

interface Child {
  process: ChildProcess;
  s3: S3Client;
  nextLine(): Promise<string>;
}

async function startChild(dataDir: string): Promise<Child> {
  const script = fileURLToPath(new URL("./child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, dataDir], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => String((await lines.next()).value);
  const port = await nextLine();
  return { process: child, s3: clientOf(`http://127.0.0.1:${port}`, { maxAttempts: 1 }), nextLine };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

const put = (s3: S3Client, Key: string, Body: Buffer) => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));

async function contents(s3: S3Client): Promise<Map<string, Buffer>> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  const read = async (Key: string) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return [Key, Buffer.from(await Body!.transformToByteArray())] as const;
  };
  return new Map(await Promise.all(Contents.map(({ Key }) => read(Key!))));
}

test("[A3] killed amid puts and deletes, it keeps what it acknowledged, and no bytes without an object", async () => {
  const dataDir = await tempFolder();
  const bodies = new Map<string, Buffer>();
  const acknowledged = new Map<string, "there" | "gone">();
  let puts = 0;
  for (let round = 0; round < 4; round++) {
    const child = await startChild(dataDir);
    const work = Array.from({ length: 40 }, async (_, i) => {
      const key = `${round}/${i}`;
      bodies.set(key, patternedBytes(20_000 * (i + 1)));
      await put(child.s3, key, bodies.get(key)!);
      acknowledged.set(key, "there");
      puts += 1;
      if (i % 3 !== 0) return;
      acknowledged.delete(key);
      await child.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
      acknowledged.set(key, "gone");
    });
    const settled = Promise.allSettled(work);
    // Each round ends at another point of the work.
    const enough = puts + 1 + round * 8;
    await expect.poll(() => puts, { interval: 1, timeout: 20_000 }).toBeGreaterThanOrEqual(enough);
    await kill(child.process);
    await settled;
  }

  const { s3 } = await startTestObjects({ dataDir });
  const held = await contents(s3);
  for (const [key, state] of acknowledged) expect([key, held.has(key)]).toEqual([key, state === "there"]);
  for (const [key, bytes] of held) expect(bytes.equals(bodies.get(key)!)).toBe(true);
  expect(await filesOnDisk(dataDir)).toHaveLength(held.size);
});

test("an upload in parts goes on after a crash", async () => {
  const dataDir = await tempFolder();
  const child = await startChild(dataDir);
  const { UploadId } = await child.s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: "k" }));
  const upload = { Bucket: BUCKET, Key: "k", UploadId };
  await child.s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: Buffer.alloc(1000) }));
  await kill(child.process);
  const { s3 } = await startTestObjects({ dataDir });
  const { Parts } = await s3.send(new ListPartsCommand(upload));
  expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([[1, 1000]]);
});

test("bytes that a crash left without an object are removed at the next start, and that is said", async () => {
  const first = await startTestObjects();
  await put(first.s3, "k", Buffer.from("kept"));
  await first.close();
  const orphan = "ab".repeat(16);
  await mkdir(path.join(first.dataDir, "blobs", "ab"), { recursive: true });
  await writeFile(path.join(first.dataDir, "blobs", "ab", orphan), "a put that never got its row");
  await writeFile(path.join(first.dataDir, "incoming", orphan), "a put that was cut off");

  const second = await startTestObjects({ dataDir: first.dataDir });
  expect(await filesOnDisk(first.dataDir)).toHaveLength(1);
  expect((await contents(second.s3)).get("k")?.toString()).toBe("kept");
  expect(second.lines).toEqual(["objects: removed 1 files that belong to no object"]);
});

test("an upload that was left alone for a week is aborted at the next start, as R2 does", async () => {
  const first = await startTestObjects();
  const begin = async (Key: string) => {
    const { UploadId } = await first.s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
    await first.s3.send(new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber: 1, Body: "bytes" }));
    return UploadId!;
  };
  const [old] = [await begin("old"), await begin("new")];
  await first.close();
  const db = new DatabaseSync(path.join(first.dataDir, "objects.sqlite"));
  db.prepare("UPDATE uploads SET startedAtMs = startedAtMs - ? WHERE id = ?").run(8 * 24 * 3_600_000, old);
  db.close();
  await startTestObjects({ dataDir: first.dataDir });
  expect(await filesOnDisk(first.dataDir)).toHaveLength(1);
});

test("an object far larger than the memory it takes goes in and out", async () => {
  const child = await startChild(await tempFolder());
  const peakBytes = async () => {
    child.process.stdin!.write("?\n");
    return Number(await child.nextLine());
  };
  await put(child.s3, "warm", patternedBytes(4 * MIB));
  const before = await peakBytes();
  const sizeBytes = 192 * MIB;
  await put(child.s3, "large", Buffer.alloc(sizeBytes, 7));
  const { Body } = await child.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "large" }));
  let readBytes = 0;
  for await (const bytes of Body as Readable) readBytes += bytes.length;
  expect(readBytes).toBe(sizeBytes);
  // Most of what it takes are buffers that wait to be collected; holding the object once would take all 192 MiB.
  expect((await peakBytes()) - before).toBeLessThan(sizeBytes / 2);
});
