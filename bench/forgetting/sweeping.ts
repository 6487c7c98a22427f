/** What the hourly sweep costs while nothing is due, among few chats and among very many. */
import path from "node:path";
import type { Json, TransactionUsage } from "../../src/runtime/convex/types.ts";
import { TestRuntime } from "../../test/runtime/functions/runtime.ts";
import type { Measurement } from "../measurement.ts";
import type { OnProgress } from "./account.ts";

/** What cannot be left out of the environment of the functions. */
const ENV = { CLERK_JWT_ISSUER_DOMAIN: "https://issuer.test" };
const ROWS_AT_ONCE = 2_000;

/** Runs the sweep each time so many more chats are there that there are as many as the next count says. */
export async function measureIdleSweeps(counts: number[], onProgress: OnProgress): Promise<Measurement[]> {
  const runtime = await TestRuntime.start(path.resolve("convex"), ENV);
  try {
    const measurements: Measurement[] = [];
    let chats = 0;
    for (const count of counts) {
      for (; chats < count; chats += ROWS_AT_ONCE) {
        await addChats(runtime, Math.min(ROWS_AT_ONCE, count - chats));
        onProgress(`${chats.toLocaleString("en")} chats written`);
      }
      chats = count;
      measurements.push(...tell(count, await sweep(runtime)));
    }
    return measurements;
  } finally {
    await runtime.close();
  }
}

function tell(chats: number, { databaseQueries, documentsRead }: TransactionUsage): Measurement[] {
  const name = `an idle sweep among ${chats.toLocaleString("en")} chats`;
  return [
    { name: `${name}: index ranges`, value: databaseQueries, unit: "ranges", target: { of: "value", atMost: 1 } },
    { name: `${name}: documents read`, value: documentsRead, unit: "documents", target: { of: "value", atMost: 0 } },
  ];
}

async function addChats(runtime: TestRuntime, count: number): Promise<void> {
  const tx = runtime.store.begin();
  const ownerId = tx.insert("", "users", { identityId: crypto.randomUUID(), name: "Ada", state: "live", settings: {} });
  const workspaceId = tx.insert("", "workspaces", { kind: "personal", ownerId });
  for (let chat = 0; chat < count; chat++) tx.insert("", "threads", chatRow({ ownerId, workspaceId }));
  await runtime.store.commit(tx);
  tx.close();
}

function chatRow(owned: { ownerId: string; workspaceId: string }): Json {
  const sealed = { sealedTitle: { $bytes: "AAAA" }, titleRev: 0 };
  const clock = { lastActivityAt: Date.now(), retentionClockAt: Date.now() };
  return { ...owned, ...sealed, ...clock, pinned: false, state: "live", branch: 0 };
}

async function sweep(runtime: TestRuntime): Promise<TransactionUsage> {
  const tx = runtime.store.begin();
  const call = { component: "", path: "threads/expiry:sweep", args: {}, identity: { kind: "none" } } as const;
  const { outcome } = await runtime.runner.runMutation(tx, { ...call, visibility: "any" });
  if (!outcome.ok) throw new Error(outcome.error.message);
  const usage = { ...tx.usage };
  await runtime.store.commit(tx);
  tx.close();
  return usage;
}
