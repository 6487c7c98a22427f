/** What forgetting costs, transaction by transaction, as the embedded runtime counts it. */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { PERSONAL_TABLES } from "../../src/policy/registry.ts";
import { insertJob, jobName } from "../../src/runtime/convex/scheduler/jobRows.ts";
import type { Json, Transaction, TransactionUsage } from "../../src/runtime/convex/types.ts";
import { TestRuntime } from "../runtime/functions/runtime.ts";

// Thousands of rows on a real database.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const QUARTER_BYTES = (16 * 1024 * 1024) / 4;
const MOST_AT_ONCE = 2_000;
/** A quarter of what Convex allows one transaction. */
const QUARTER: Partial<TransactionUsage> = {
  documentsRead: 32_000 / 4,
  bytesRead: QUARTER_BYTES,
  documentsWritten: 16_000 / 4,
  bytesWritten: QUARTER_BYTES,
  databaseQueries: 4_096 / 4,
  functionsScheduled: 1_000 / 4,
};
/**
 * Rows looked up for each that is deleted. Convex counts a deletion as a read of its row, which no way of deleting avoids:
 * that one is taken off.
 */
const MOST_READ_PER_DELETED = 1.1;
const JOBS = "_scheduled_functions";
/** Jobs of the runtime under test that were run here, where nothing else runs them. */
const taken = new Set<string>();

let runtime: TestRuntime;

beforeAll(async () => {
  runtime = await TestRuntime.start(path.resolve("convex"), {
    CLERK_JWT_ISSUER_DOMAIN: "https://issuer.test",
    CRYPTO_KEYRING: JSON.stringify({ k1: Buffer.alloc(32, 7).toString("base64") }),
    CRYPTO_ACTIVE_KID: "k1",
    CRYPTO_ENV_ID: "test",
    ERASURE_KEY: Buffer.alloc(32, 11).toString("base64"),
  });
});
afterAll(() => runtime.close());

interface Person {
  identityId: string;
  ownerId: string;
  workspaceId: string;
  threadId: string;
}

/** Writes rows past the functions, `atOnce` in a transaction of the store. */
async function write(
  rows: number,
  insert: (tx: Transaction, index: number) => void,
  atOnce = MOST_AT_ONCE,
): Promise<void> {
  for (let from = 0; from < rows; from += atOnce) {
    const tx = runtime.store.begin();
    for (let index = from; index < Math.min(rows, from + atOnce); index++) insert(tx, index);
    await runtime.store.commit(tx);
    tx.close();
  }
}

async function makePerson(): Promise<Person> {
  const tx = runtime.store.begin();
  const identityId = `user_${crypto.randomUUID()}`;
  const ownerId = tx.insert("", "users", { identityId, name: "Ada", state: "live", settings: {} });
  const workspaceId = tx.insert("", "workspaces", { kind: "personal", ownerId });
  tx.patch("", ownerId, { workspaceId });
  tx.insert("", "memberships", { workspaceId, userId: ownerId, role: "owner" });
  const threadId = tx.insert("", "threads", threadRow({ ownerId, workspaceId }));
  await runtime.store.commit(tx);
  tx.close();
  return { identityId, ownerId, workspaceId, threadId };
}

function threadRow({ ownerId, workspaceId }: { ownerId: string; workspaceId: string }): Json {
  const sealed = { sealedTitle: { $bytes: "AAAA" }, titleRev: 0 };
  const clock = { lastActivityAt: Date.now(), retentionClockAt: Date.now() };
  return { ownerId, workspaceId, ...sealed, ...clock, pinned: false, state: "live", branch: 0 };
}

function addMessages({ ownerId, workspaceId, threadId }: Person, rows: number, bytes: number): Promise<void> {
  const sealedText = { $bytes: Buffer.alloc(bytes, 1).toString("base64") };
  return write(
    rows,
    (tx, depth) => {
      const of = { workspaceId, ownerId, threadId, recordId: `record-${threadId}-${depth}` };
      const row = { ...of, branch: 0, depth, role: "user", state: "complete", sealedText, createdAt: depth };
      tx.insert("", "messages", row);
    },
    Math.min(MOST_AT_ONCE, Math.floor(QUARTER_BYTES / bytes)),
  );
}

interface Costs {
  read: number;
  deleted: number;
  transactions: number;
  /** The most of each that one transaction used. */
  most: TransactionUsage;
}

/** Runs a mutation, commits it, and says what its transaction used. */
async function run(name: string, args: Json): Promise<TransactionUsage> {
  const tx = runtime.store.begin();
  const call = { component: "", path: name, args, identity: { kind: "none" }, visibility: "any" } as const;
  const { outcome } = await runtime.runner.runMutation(tx, call);
  expect(outcome).toMatchObject({ ok: true });
  const usage = { ...tx.usage };
  await runtime.store.commit(tx);
  tx.close();
  return usage;
}

/** Runs what is scheduled under that name, as the scheduler would, until nothing of it is left, and adds up the costs. */
async function runScheduled(name: string, counted: () => number): Promise<Costs> {
  const before = counted();
  const costs: Costs = { read: 0, deleted: 0, transactions: 0, most: noUsage() };
  for (let args = takeScheduled(name); args; args = takeScheduled(name)) {
    const usage = await run(name, args);
    costs.read += usage.documentsRead;
    costs.transactions += 1;
    for (const key of Object.keys(costs.most) as (keyof TransactionUsage)[]) {
      costs.most[key] = Math.max(costs.most[key], usage[key]);
    }
  }
  costs.deleted = before - counted();
  return costs;
}

const noUsage = (): TransactionUsage => ({
  documentsRead: 0,
  bytesRead: 0,
  documentsWritten: 0,
  bytesWritten: 0,
  databaseQueries: 0,
  functionsScheduled: 0,
  scheduledFunctionArgsBytes: 0,
});

/** Takes the newest job of that name from the scheduler's table; null where there is none. */
function takeScheduled(name: string): Json | null {
  const tx = runtime.store.begin();
  const jobs = tx.query("", { source: { type: "FullTableScan", tableName: JOBS, order: "desc" }, operators: [] });
  try {
    for (let text = jobs.next(); text !== null; text = jobs.next()) {
      const { name: job, args, state, _id } = JSON.parse(text) as Job;
      if (job !== jobName(name) || state.kind !== "pending" || taken.has(_id)) continue;
      taken.add(_id);
      return args[0] ?? null;
    }
    return null;
  } finally {
    jobs.close();
    tx.close();
  }
}

interface Job {
  _id: string;
  name: string;
  args: Json[];
  state: { kind: string };
}

async function schedule(path: string, args: Json): Promise<void> {
  const tx = runtime.store.begin();
  insertJob(tx, "", { path, args, tsMs: 0 } as Parameters<typeof insertJob>[2]);
  await runtime.store.commit(tx);
  tx.close();
}

/** Rows in the tables of persons. */
function countRows(): number {
  const tx = runtime.store.begin();
  const rows = Object.keys(PERSONAL_TABLES).reduce((sum, table) => sum + tx.count("", table), 0);
  tx.close();
  return rows;
}

function expectWithinQuarter({ most }: Costs): void {
  for (const [name, limit] of Object.entries(QUARTER)) {
    expect(most[name as keyof TransactionUsage], name).toBeLessThanOrEqual(limit);
  }
}

describe("deleting a chat", () => {
  it.each([
    ["20,000 messages", 20_000, 200],
    ["40 messages of 900 KB", 40, 900_000],
  ])("of %s reads at most 1.1 rows for each it deletes, and a quarter of every limit", async (_what, rows, bytes) => {
    const person = await makePerson();
    await addMessages(person, rows, bytes);
    const { threadId, ownerId } = person;
    const deletion = { what: "chat", why: "person", unreadableAt: 1, messages: 0, files: 0 };
    await schedule("threads/removal:removeRows", { threadId, ownerId, deletion });
    const costs = await runScheduled("threads/removal:removeRows", countRows);
    console.log(`${rows} messages: ${JSON.stringify(costs)}`);
    // The messages and the chat, of which a receipt is left.
    expect(costs.deleted).toBe(rows + 1 - 1);
    expect((costs.read - costs.deleted) / costs.deleted).toBeLessThanOrEqual(MOST_READ_PER_DELETED);
    expectWithinQuarter(costs);
  });
});

describe("erasing an account", () => {
  it.each([
    ["2,000 messages", 2_000, 200],
    ["40 messages of 900 KB", 40, 900_000],
  ])("of %s reads at most 1.1 rows for each it deletes, and a quarter of every limit", async (_what, rows, bytes) => {
    const costs = await costsOf(rows, bytes);
    console.log(`An account of ${rows} messages: ${JSON.stringify(costs)}`);
    // Messages, chat, membership, workspace and account.
    expect(costs.deleted).toBe(rows + 4);
    expectWithinQuarter(costs);
    // The job and the bounds of tables are read once for each table, whatever the account holds.
    const once = 2 * Object.keys(PERSONAL_TABLES).length;
    expect(costs.read - costs.deleted - once).toBeLessThanOrEqual(MOST_READ_PER_DELETED * costs.deleted);
  });

  it("costs as much for each further row, however many there are", async () => {
    const [few, more, most] = [await costsOf(200), await costsOf(1_400), await costsOf(2_600)] as const;
    const further = (of: "read" | "transactions") => [more[of] - few[of], most[of] - more[of]];
    for (const of of ["read", "transactions"] as const) {
      const [first, second] = further(of) as [number, number];
      expect(Math.abs(second / first - 1), of).toBeLessThanOrEqual(0.1);
    }
  });

  /** Erases an account of that many messages. */
  async function costsOf(messages: number, bytes = 200): Promise<Costs> {
    const person = await makePerson();
    await addMessages(person, messages, bytes);
    await run("account/closing:eraseOwn", { identityId: person.identityId });
    return runScheduled("erasure/cascade:removePage", countRows);
  }
});

describe("an idle sweep of chats", () => {
  it.each([1_000, 10_000])("among %i chats reads one index range and no row", async (chats) => {
    const person = await makePerson();
    await write(chats, (tx) => tx.insert("", "threads", threadRow(person)));
    const usage = await run("threads/expiry:sweep", {});
    expect(usage).toMatchObject({ databaseQueries: 1, documentsRead: 0, documentsWritten: 0, functionsScheduled: 0 });
  });
});
