/** Homes with one person whose account is as large as asked for: what is much is written past the functions. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { api } from "../../convex/_generated/api.js";
import type { Doc, TableNames } from "../../convex/_generated/dataModel.js";
import { openSeal } from "../../convex/encryption/vault.ts";
import type { BucketSettings } from "../../convex/media/bucket.ts";
import { commitTo, drawObjectSecret, sealObject } from "../../convex/media/objectSeal.ts";
import { openBucketClient, putSealed } from "../../convex/media/parts.ts";
import { sealObjectKey } from "../../convex/media/seals.ts";
import type { SqliteStore } from "../../src/runtime/convex/store/store.ts";
import type { Json, Transaction } from "../../src/runtime/convex/types.ts";
import { BUCKET } from "../../src/runtime/environment.ts";
import { type Keyring, type KeyringSettings, parseKeyring } from "../../src/shared/keyring.ts";
import type { Home } from "../../test/support/home.ts";
import { openDatabase } from "../../test/support/insideHomes.ts";
import { type Person, replyEnded, send, signIn } from "../../test/support/people.ts";

/** Rows of one transaction: below Convex's limits, and few enough to show progress. */
const ROWS_AT_ONCE = 2_000;
const UPLOADS_AT_ONCE = 16;
const TEXT_BYTES = 200;
const MEDIA_TYPE = "video/mp4";

export interface Size {
  /** Random bytes in place of sealed texts: nobody is to read them. */
  messages: number;
  objects: number;
  objectBytes: number;
  /** Where they are; the home's own bucket unless given. */
  bucket?: BucketSettings;
}

export type OnProgress = (done: string) => void;

/** Gives somebody an account of that size in a running home, which is stopped meanwhile. */
export async function makeAccount(
  home: Home,
  { messages, objects, objectBytes, bucket = bucketOf(home) }: Size,
  onProgress: OnProgress,
): Promise<Person> {
  const person = await signIn(home, "ada@example.com");
  const tab = person.openTab();
  const sent = await send(tab, { text: "How do tides work?" });
  await tab.action(api.messages.generate, { replyId: sent.replyId });
  await replyEnded(tab, sent);
  await person.leave();
  const { userId: ownerId } = await (await person.http()).action(api.account.signIn, {});
  const stored = await storeObjects(home, { ownerId, bucket, count: objects, bytes: objectBytes }, onProgress);
  await home.stop();
  const account = Account.open(home);
  try {
    await account.addMedia(stored, objectBytes, onProgress);
    await account.addMessages(messages, onProgress);
  } finally {
    account.close();
  }
  await restarted(home);
  return person;
}

/** On a busy machine a home may not have read its functions in the time that it has for that. */
async function restarted(home: Home, tries = 5): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const failure = await home.restart().catch((error: unknown) => error);
    if (!failure) return;
    if (attempt === tries) throw failure;
  }
}

interface Stored {
  key: string;
  secret: ReturnType<typeof drawObjectSecret>;
}

/** Puts sealed objects into a bucket. */
async function storeObjects(
  home: Home,
  { ownerId, bucket, count, bytes }: { ownerId: string; bucket: BucketSettings; count: number; bytes: number },
  onProgress: OnProgress,
): Promise<Stored[]> {
  const { envId } = readRing(home);
  const client = openBucketClient(bucket);
  const stored: Stored[] = [];
  const put = async () => {
    const key = newName();
    const secret = drawObjectSecret();
    const sealed = sealObject(secret, { envId, key, ownerId }, content(bytes));
    stored.push({ key, secret });
    await putSealed(client, { key, sealed, onParts: async () => undefined });
  };
  const atOnce = bytes > 1_000_000 ? 1 : UPLOADS_AT_ONCE;
  for (let done = 0; done < count; done += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - done) }, put));
    onProgress(`${done.toLocaleString("en")} objects stored`);
  }
  return stored;
}

function* content(bytes: number): Generator<Uint8Array> {
  const some = randomBytes(Math.min(bytes, 64 * 1024));
  for (let at = 0; at < bytes; at += some.length) yield some.subarray(0, Math.min(some.length, bytes - at));
}

/** The account in the database of a home that is stopped. */
class Account {
  readonly #store: SqliteStore;
  readonly #ring: Keyring;
  readonly #userKey: Doc<"userKeys">;
  readonly #threadKey: Doc<"threadKeys">;

  private constructor(store: SqliteStore, ring: Keyring) {
    this.#store = store;
    this.#ring = ring;
    this.#userKey = firstRow(store, "userKeys");
    this.#threadKey = firstRow(store, "threadKeys");
  }

  static open(home: Home): Account {
    return new Account(openDatabase(home), readRing(home));
  }

  close(): void {
    this.#store.close();
  }

  async addMessages(count: number, onProgress: OnProgress): Promise<void> {
    const { threadId } = this.#threadKey;
    for (let done = 0; done < count; done += ROWS_AT_ONCE) {
      await this.#write((tx) => {
        for (let index = done; index < Math.min(count, done + ROWS_AT_ONCE); index++) {
          // Behind the question and its answer, which are there already.
          const place = { threadId, recordId: newName(), branch: 0, depth: index + 2 };
          const said = { role: "user", state: "complete", sealedText: bytesOf(randomBytes(TEXT_BYTES)) };
          tx.insert("", "messages", { ...this.#owned, ...place, ...said, createdAt: Date.now() + index });
        }
      });
      onProgress(`${done.toLocaleString("en")} messages written`);
    }
  }

  /** Media of the library, each with its one object. */
  async addMedia(stored: Stored[], contentBytes: number, onProgress: OnProgress): Promise<void> {
    const { workspaceId } = this.#threadKey;
    const library = { workspaceId, recordId: "library", salt: new ArrayBuffer(0) };
    const seal = await openSeal(this.#ring, { userKey: this.#userKey, threadKey: library });
    for (let done = 0; done < stored.length; done += ROWS_AT_ONCE) {
      const some = stored.slice(done, done + ROWS_AT_ONCE);
      const rows = await Promise.all(
        some.map(async ({ key, secret }) => {
          const place = { envId: this.#ring.envId, key, ownerId: this.#userKey.ownerId };
          const commitment = await commitTo(secret, place, { mime: MEDIA_TYPE, contentBytes });
          return { key, secret, commitment, sealedKey: await sealObjectKey(seal, key, secret.objectKey) };
        }),
      );
      await this.#write((tx) => {
        for (const { key, secret, commitment, sealedKey } of rows) {
          const kept = { origin: "upload", state: "kept", thumbnail: "none", createdAt: Date.now() };
          const what = { mime: MEDIA_TYPE, contentBytes };
          const medium = { ...this.#owned, recordId: newName(), kind: "video", ...what, ...kept };
          const mediaId = tx.insert("", "media", medium);
          const sealed = { sealedKey: bytesOf(sealedKey), header: bytesOf(secret.header) };
          const object = { ...this.#owned, mediaId, role: "original", key, ...sealed, ...what };
          tx.insert("", "objects", { ...object, commitment: bytesOf(commitment) });
        }
      });
      onProgress(`${done.toLocaleString("en")} media written`);
    }
  }

  get #owned() {
    return { ownerId: this.#userKey.ownerId, workspaceId: this.#threadKey.workspaceId };
  }

  async #write(insert: (tx: Transaction) => void): Promise<void> {
    const tx = this.#store.begin();
    insert(tx);
    await this.#store.commit(tx);
    tx.close();
  }
}

/** The first row of a table, with its bytes as functions get them. */
export function firstRow<Table extends TableNames>(store: SqliteStore, tableName: Table): Doc<Table> {
  const tx = store.begin();
  const rows = tx.query("", { source: { type: "FullTableScan", tableName, order: "asc" }, operators: [] });
  const text = rows.next();
  rows.close();
  tx.close();
  if (text === null) throw new Error(`${tableName} is empty`);
  return JSON.parse(text, (_name, value) =>
    typeof value?.$bytes === "string" ? Uint8Array.from(Buffer.from(value.$bytes, "base64")).buffer : value,
  ) as Doc<Table>;
}

function readRing(home: Home): Keyring {
  return parseKeyring(secretsOf(home) as unknown as KeyringSettings);
}

function bucketOf(home: Home): BucketSettings {
  const { R2_ACCESS_KEY_ID: accessKeyId = "", R2_SECRET_ACCESS_KEY: secretAccessKey = "" } = secretsOf(home);
  return { endpoint: home.urls.objects, bucket: BUCKET, accessKeyId, secretAccessKey };
}

function secretsOf({ dataDir }: Home): Record<string, string | undefined> {
  return parseEnv(readFileSync(path.join(dataDir, "secrets.env"), "utf8"));
}

function bytesOf(bytes: ArrayBuffer | Uint8Array): Json {
  return { $bytes: Buffer.from(new Uint8Array(bytes)).toString("base64") };
}

/** As rows are named in keys and envelopes. */
function newName(): string {
  return randomBytes(16).toString("base64url");
}
