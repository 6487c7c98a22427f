/** A master key is rotated while one person reads a reply as it is written, one exports and one is erased. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv, promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { type Home, startHome } from "../support/home.ts";
import { listMessages, planReplies, replyEnded, send, signIn } from "../support/people.ts";

const CHUNKS = 60;

let home: Home;
let oldRing: Record<string, string>;
const newRoot = randomBytes(32).toString("base64");

beforeAll(async () => {
  home = await startHome();
  const secrets = parseEnv(readFileSync(path.join(home.dataDir, "secrets.env"), "utf8"));
  oldRing = JSON.parse(secrets["CRYPTO_KEYRING"] ?? "{}") as Record<string, string>;
  await planReplies(home, { chunks: CHUNKS, charsPerChunk: 10, firstTokenMs: 0, intervalMs: 50 });
});
afterAll(() => home?.dispose());

/** Runs `npm run ops -- rotate-keys` on the home; gives what it printed. Throws where it exits with anything but 0. */
async function rotateKeys(...flags: string[]): Promise<string> {
  const where = ["--url", home.urls.api, "--data", home.dataDir];
  const node = ["--disable-warning=ExperimentalWarning", "scripts/ops.ts"];
  const { stdout } = await promisify(execFile)(process.execPath, [...node, "rotate-keys", ...where, ...flags]);
  return stdout;
}

/** Sets variables of the functions, as `npx convex env set` does. */
async function setVariables(variables: Record<string, string>): Promise<void> {
  const changes = Object.entries(variables).map(([name, value]) => ({ name, value }));
  const response = await fetch(`${home.urls.api}/api/update_environment_variables`, {
    method: "POST",
    headers: { authorization: `Convex ${home.adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ changes }),
  });
  expect(response.status).toBe(200);
}

describe("a master key that is rotated while people go on", () => {
  test("[A19] costs nobody a word, an archive or their erasure, and is needed by nothing at the end", async () => {
    const [ada, bob, eve] = await Promise.all(["ada", "bob", "eve"].map((name) => signIn(home, `${name}@example.com`)));
    if (!ada || !bob || !eve) throw new Error("Nobody signed in");
    const tab = ada.openTab();
    const sent = await send(tab, { text: "Tell me of tides" });
    const generated = tab.action(api.messages.generate, { replyId: sent.replyId });
    const bobsTab = bob.openTab();
    await send(bobsTab, { text: "Bob's own words" });
    await bobsTab.mutation(api.privacy.export, {});
    await send(eve.openTab(), { text: "Eve's own words" });

    await setVariables({ CRYPTO_KEYRING: JSON.stringify({ ...oldRing, k2: newRoot }), CRYPTO_ACTIVE_KID: "k2" });
    const erased = eve.openTab().action(api.account.erase, { confirm: "erase" });
    expect(await rotateKeys("--apply")).toContain("k1: wraps 0 of people's keys and may leave the ring");
    const dan = await signIn(home, "dan@example.com");
    await setVariables({ CRYPTO_KEYRING: JSON.stringify({ k2: newRoot }) });

    await Promise.all([generated, erased]);
    const reply = await replyEnded(tab, sent);
    expect(reply).toMatchObject({ state: "complete" });
    expect(reply.text).toHaveLength(CHUNKS * 10);
    const archives = async () => bobsTab.query(api.privacy.exports, {});
    await vi.waitUntil(async () => (await archives())[0]?.state === "ready", { timeout: 30_000, interval: 100 });
    const [archive] = await archives();
    const saved = await fetch(archive?.url ?? "");
    expect([saved.status, (await saved.text()).includes("Bob's own words")]).toEqual([200, true]);
    const dansTab = dan.openTab();
    const { threadId } = await send(dansTab, { text: "Dan is new" });
    expect((await listMessages(dansTab, threadId)).map(({ text }) => text)).toContain("Dan is new");
    expect(await rotateKeys()).toMatch(/^k2: wraps 3 of people's keys and is the active one/);
    expect(home.printed()).not.toMatch(/does not open|not in CRYPTO_KEYRING/);
    await Promise.all([ada, bob, eve, dan].map((person) => person.leave()));
  });

  test("does not leave the ring while it is needed: the home does not start without it", async () => {
    await setVariables({ CRYPTO_KEYRING: JSON.stringify(oldRing), CRYPTO_ACTIVE_KID: "k1" });
    await home.stop();
    await expect(home.restart()).rejects.toThrow(/CRYPTO_KEYRING lacks the master key "k2".*rotate-keys/);
  });
});
