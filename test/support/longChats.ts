/** Chats of a length nobody would wait for: written into a home's database while it is stopped, sealed as it would. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";
import { convexToJson, jsonToConvex, type Value } from "convex/values";
import type { Doc } from "../../convex/_generated/dataModel.js";
import { recordIdFor } from "../../convex/encryption/salts.ts";
import type { ThreadSeal } from "../../convex/encryption/sealing.ts";
import { openSeal } from "../../convex/encryption/vault.ts";
import { sealText } from "../../convex/messages/texts.ts";
import { MovableClock } from "../../src/runtime/clock.ts";
import { openStore, type SqliteStore } from "../../src/runtime/convex/store/store.ts";
import { DATABASE_FILES } from "../../src/runtime/homeFiles.ts";
import { type Keyring, type KeyringSettings, parseKeyring } from "../../src/shared/keyring.ts";
import type { Home } from "./home.ts";

/** Below Convex's limit on the documents one transaction may write. */
const MESSAGES_A_COMMIT = 2_000;
const ROWS_READ = 100;

interface Filling {
  /** A chat that has a turn already. */
  threadId: string;
  /** How many messages it is to have in all. */
  count: number;
  /** What the message of a number says: people's have even numbers, models' odd ones. */
  textOf: (index: number) => string;
}

/** Stops the home, fills chats, and starts it again. */
export async function fillChats(home: Home, fillings: Filling[]): Promise<void> {
  await home.kill();
  const settings = parseEnv(await readFile(path.join(home.dataDir, "secrets.env"), "utf8"));
  const ring = parseKeyring(settings as unknown as KeyringSettings);
  const store = openStore({ path: path.join(home.dataDir, DATABASE_FILES.convex), clock: new MovableClock() });
  try {
    for (const filling of fillings) await fillChat(store, ring, filling);
  } finally {
    store.close();
  }
  await home.restart();
}

async function fillChat(store: SqliteStore, ring: Keyring, { threadId, count, textOf }: Filling): Promise<void> {
  const messages = rows<Doc<"messages">>(store, "messages").filter((message) => message.threadId === threadId);
  const newest = messages.toSorted((a, b) => a.depth - b.depth).at(-1);
  if (!newest) throw new Error("There is no such chat to fill");
  const seal = await sealOf(store, ring, newest);
  for (let first = newest.depth + 1; first < count; first += MESSAGES_A_COMMIT) {
    const depths = Array.from({ length: Math.min(MESSAGES_A_COMMIT, count - first) }, (_, index) => first + index);
    const made = await Promise.all(depths.map((depth) => makeMessage(seal, newest, { depth, text: textOf(depth) })));
    const tx = store.begin();
    for (const message of made) tx.insert("", "messages", convexToJson(message));
    await store.commit(tx);
  }
}

async function makeMessage(
  seal: ThreadSeal,
  newest: Doc<"messages">,
  { depth, text }: { depth: number; text: string },
): Promise<Record<string, Value>> {
  const recordId = await recordIdFor(newest.ownerId, `fill:${newest.threadId}`, String(depth));
  const isReply = depth % 2 === 1;
  return {
    workspaceId: newest.workspaceId,
    ownerId: newest.ownerId,
    threadId: newest.threadId,
    branch: newest.branch,
    ...(isReply && newest.model ? { model: newest.model } : {}),
    recordId,
    depth,
    role: isReply ? "assistant" : "user",
    state: "complete",
    sealedText: await sealText(seal, recordId, text),
    createdAt: newest.createdAt + depth,
  };
}

async function sealOf(store: SqliteStore, ring: Keyring, { threadId, ownerId }: Doc<"messages">): Promise<ThreadSeal> {
  const threadKey = rows<Doc<"threadKeys">>(store, "threadKeys").find((row) => row.threadId === threadId);
  const userKey = rows<Doc<"userKeys">>(store, "userKeys").find((row) => row.ownerId === ownerId);
  if (!threadKey || !userKey) throw new Error("The keys of the chat are gone");
  return openSeal(ring, { userKey, threadKey });
}

/** The first rows of a table. */
function rows<Row>(store: SqliteStore, tableName: string): Row[] {
  const tx = store.begin();
  const query = { source: { type: "FullTableScan" as const, tableName, order: "asc" as const }, operators: [] };
  const { page } = tx.page("", { query, cursor: null, pageSize: ROWS_READ });
  tx.close();
  return page.map((row) => jsonToConvex(JSON.parse(row)) as Row);
}
