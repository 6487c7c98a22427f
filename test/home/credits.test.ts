/**
 * Credits where nothing is simulated: sockets, webhooks over HTTP, the operator's commands, and a history of a hundred
 * thousand entries.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEnv, promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { openStore } from "../../src/runtime/convex/store/store.ts";
import type { Json } from "../../src/runtime/convex/types.ts";
import { PLANS } from "../../src/shared/plans.ts";
import { eventJson, itemJson, payerJson, signed } from "../support/clerkEvents.ts";
import { type Home, startHome } from "../support/home.ts";
import { type Person, planReplies, postJson, readMetrics, replyEnded, send, signIn } from "../support/people.ts";

const SENDS = 50;
const DELIVERIES = 100;
const DAY_MS = 24 * 60 * 60_000;
/** What is held for a short message to a stand-in model. */
const HOLD = 17;

let home: Home;

beforeAll(async () => {
  home = await startHome();
  await planReplies(home, { chunks: 1, charsPerChunk: 20, intervalMs: 0, firstTokenMs: 0 });
});
afterAll(() => home.dispose());

const run = promisify(execFile);

/** Runs `npm run ops` on the home and gives what it printed. Throws where it exits with anything but 0. */
async function ops(...args: string[]): Promise<string> {
  const flags = ["--url", home.urls.api, "--data", home.dataDir];
  const node = ["--disable-warning=ExperimentalWarning", "scripts/ops.ts"];
  const { stdout } = await run(process.execPath, [...node, ...flags, ...args]);
  return stdout;
}

async function identityIdOf({ token }: Person): Promise<string> {
  const [, payload] = (await token()).split(".");
  return JSON.parse(Buffer.from(payload ?? "", "base64url").toString()).sub;
}

async function me(person: Person) {
  const account = await (await person.http()).query(api.account.me, {});
  if (!account) throw new Error("There is no account");
  return account;
}

/** The newest entries of somebody's ledger. */
async function historyOf(person: Person) {
  const client = await person.http();
  const { page } = await client.query(api.usage.history, { paginationOpts: { numItems: 10, cursor: null } });
  return page;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 200) throw new Error("It did not come to hold");
    await sleep(50);
  }
}

describe("the last credits", () => {
  test("of fifty sends at once through fifty sockets, exactly one goes through", async () => {
    const person = await signIn(home, "last@example.com");
    const identityId = await identityIdOf(person);
    await ops("credits-adjust", "--apply", "--", identityId, String(HOLD - PLANS.free.monthlyCredits));
    expect((await me(person)).credits).toEqual({ balance: HOLD, held: 0 });
    const tabs = Array.from({ length: SENDS }, () => person.openTab());
    await Promise.all(tabs.map((tab) => tab.query(api.account.me, {})));
    const sends = await Promise.allSettled(tabs.map((tab) => send(tab, { text: "Hi" })));
    const codes = sends.flatMap((each) => (each.status === "rejected" ? [each.reason.data?.code ?? each.reason] : []));
    expect(codes).toEqual(Array.from({ length: SENDS - 1 }, () => "insufficient_credits"));
    const entries = await historyOf(person);
    expect(entries.filter(({ kind }) => kind === "hold")).toMatchObject([{ held: HOLD }]);
    await person.leave();
  });
});

/** Sends a webhook as the identity provider signs it, so often at the same moment. */
async function deliver(event: object, times = 1): Promise<(string | undefined)[]> {
  const { CLERK_WEBHOOK_SECRET: secret } = parseEnv(await readFile(path.join(home.dataDir, "secrets.env"), "utf8"));
  const message = signed(event, { secret });
  const answers = await Promise.all(
    Array.from({ length: times }, () => fetch(`${home.urls.site}/webhooks/clerk`, message)),
  );
  return Promise.all(answers.map(async (answer) => ((await answer.json()) as { state?: string }).state));
}

describe("plans", () => {
  test("change when a demo person changes theirs, and credits follow", async () => {
    const person = await signIn(home, "plans@example.com");
    await postJson(`${home.urls.identity}/dev/billing`, { email: person.email, change: "plus" });
    await until(async () => (await me(person)).plan === "plus");
    const upgraded = (await me(person)).credits.balance;
    expect(upgraded).toBe(PLANS.free.monthlyCredits + PLANS.plus.monthlyCredits);
    await postJson(`${home.urls.identity}/dev/billing`, { email: person.email, change: "credits-10000" });
    await until(async () => (await me(person)).credits.balance === upgraded + 10_000);
  });

  test("follow one webhook once, although it is delivered a hundred times at the same moment", async () => {
    const person = await signIn(home, "hundred@example.com");
    const startAt = Date.now();
    const item = itemJson({ id: "csubi_hundred", slug: "pro", startAt, endAt: startAt + 31 * DAY_MS });
    const payer = payerJson(await identityIdOf(person));
    const states = await deliver(eventJson("subscriptionItem.active", { ...item, payer }), DELIVERIES);
    expect(states.filter((state) => state === "applied")).toHaveLength(1);
    expect(states.filter((state) => state === "known")).toHaveLength(DELIVERIES - 1);
    expect((await historyOf(person)).map(({ reason }) => reason)).toEqual(["upgrade", "plan"]);
  });
});

describe("an operator", () => {
  test("suspends an account only where asked to apply it, and the person can still read", async () => {
    const person = await signIn(home, "suspended@example.com");
    const tab = person.openTab();
    const identityId = await identityIdOf(person);
    expect(await ops("suspend", identityId)).toContain("Nothing was changed");
    const sent = await send(tab, { text: "Before" });
    await ops("suspend", identityId, "--apply");
    await expect(send(tab, { text: "After" })).rejects.toMatchObject({ data: { code: "restricted" } });
    await tab.query(api.messages.list, { threadId: sent.threadId, paginationOpts: { numItems: 5, cursor: null } });
    await ops("suspend", identityId, "--lift", "--apply");
    await send(tab, { text: "After" });
    await person.leave();
  });

  test("sees webhooks that nothing here understands", async () => {
    expect(await deliver(eventJson("waitlistEntry.created", { id: "wle_1" }))).toEqual(["parked"]);
    expect(await ops("webhook-replay")).toContain("waitlistEntry.created");
  });

  test("gives back what a reply cost, once, and finds that everything adds up", async () => {
    const person = await signIn(home, "refund@example.com");
    const tab = person.openTab();
    const sent = await send(tab, { text: "Hello" });
    await tab.action(api.messages.generate, { replyId: sent.replyId });
    const reply = await replyEnded(tab, sent);
    expect(reply.usage?.credits).toBeGreaterThan(0);
    await ops("credits-refund", `reply:${sent.replyId}`, "--apply");
    expect((await me(person)).credits).toEqual({ balance: PLANS.free.monthlyCredits, held: 0 });
    await expect(ops("credits-refund", `reply:${sent.replyId}`, "--apply")).rejects.toThrow("given back already");
    expect(await ops("usage-reconcile")).toMatch(/^\d+ accounts, \d+ entries, 0 differences/u);
    await person.leave();
  });
});

describe("the usage page", () => {
  /** Documents that each query of the usage page reads. */
  async function measure(person: Person): Promise<Record<string, number>> {
    const client = await person.http();
    await readMetrics(home, { reset: true });
    const nowAt = Date.now();
    const paginationOpts = { numItems: 50, cursor: null };
    expect((await client.query(api.usage.history, { paginationOpts })).page).toHaveLength(50);
    expect(await client.query(api.usage.byDay, { nowAt, days: 30 })).toHaveLength(30);
    await client.query(api.usage.summary, { nowAt });
    const { functions } = await readMetrics(home);
    return Object.fromEntries(
      ["usage:history", "usage:byDay", "usage:summary"].map((name) => [name, functions[name]?.documentsRead ?? -1]),
    );
  }

  /**
   * Gives the person who signed in last that many entries, spread over forty days, straight into the database of the
   * stopped home.
   */
  async function fill(count: number): Promise<void> {
    await home.kill();
    const store = openStore({ path: path.join(home.dataDir, "convex", "convex.sqlite3"), clock: { nowMs: Date.now } });
    let tx = store.begin();
    const newest = tx.query("", {
      source: { type: "FullTableScan", tableName: "creditEntries", order: "desc" },
      operators: [],
    });
    const { _id, _creationTime, ...entry } = JSON.parse(newest.next() ?? "{}") as Record<string, Json>;
    newest.close();
    tx.remove("", _id as string);
    for (let seq = 1; seq <= count; seq++) {
      const at = (entry.at as number) - Math.floor(((count - seq) / count) * 40 * DAY_MS);
      tx.insert("", "creditEntries", { ...entry, key: `test:${count}:${seq}`, seq, at });
      if (seq % 5_000 > 0) continue;
      await store.commit(tx);
      tx = store.begin();
    }
    await store.commit(tx);
    store.close();
    await home.restart();
  }

  test("costs the same whether there are a hundred entries or a hundred thousand: one read for each row", async () => {
    const costs = [];
    for (const count of [100, 100_000]) {
      const person = await signIn(home, `history${count}@example.com`);
      await fill(count);
      costs.push(await measure(person));
    }
    console.log(`100 and 100,000 entries: ${JSON.stringify(costs)}`);
    expect(costs[1]).toEqual(costs[0]);
    // The viewer's account and membership are two more.
    expect(costs[1]?.["usage:history"]).toBe(50 + 2);
    expect(costs[1]?.["usage:byDay"]).toBe(31 + 2);
    expect(costs[1]?.["usage:summary"]).toBeLessThanOrEqual(4 + 2);
  }, 120_000);
});
