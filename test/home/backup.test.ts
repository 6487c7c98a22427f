/** A home that is backed up while people use it, lost, and brought back; and one person brought into another account. */
import { spawn } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseEnv } from "node:util";
import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { openArchive } from "../../src/runtime/convex/transfer/archive.ts";
import { type Home, startHome } from "../support/home.ts";
import { openDatabase, subjectOf } from "../support/insideHomes.ts";
import { demoToken, httpClient, type Person, postJson, readMetrics, send, signIn } from "../support/people.ts";
import { noTerminal, outputOnTerminal } from "../support/terminal.ts";

/** Two starts, a backup and a restore, on a busy machine. */
const RESTORES_TIMEOUT_MS = 150_000;
const SECRET_TEXT = "the heron stands in the shallow water";

let home: Home;
let person: Person;
let dir: string;
let zip: string;
let keysZip: string;
let threadId: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "noruxa-backup-"));
  zip = path.join(dir, "backup.data.zip");
  keysZip = path.join(dir, "backup.keys.zip");
  home = await startHome();
  person = await signIn(home, "ada@example.com");
  ({ threadId } = await send(person.openTab(), { text: SECRET_TEXT }));
  await putObject(new Uint8Array(300_000).fill(7));
});
afterAll(async () => {
  await person?.leave();
  await home?.dispose();
  await rm(dir, { recursive: true });
});

/** Runs a script of the project as `npm run` does, its output in a pipe. */
function run(script: string, ...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", `scripts/${script}.ts`, ...args]);
  const printed = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (printed.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (printed.stderr += String(chunk)));
  return new Promise((resolve) => child.once("close", (code) => resolve({ exitCode: code ?? 1, ...printed })));
}

/** Puts an object into the home's bucket as its functions do, with the keys of its data folder. */
async function putObject(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const secrets = parseEnv(await readFile(path.join(home.dataDir, "secrets.env"), "utf8"));
  const [accessKeyId, secretAccessKey] = [secrets["R2_ACCESS_KEY_ID"]!, secrets["R2_SECRET_ACCESS_KEY"]!];
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "auto" });
  const answer = await client.fetch(`${home.urls.objects}/noruxa-media/kept`, { method: "PUT", body: bytes });
  expect(answer.status).toBe(200);
}

/** Names of the app's own tables in a backup's file, without system tables. */
async function tablesIn(file: string): Promise<string[]> {
  const archive = await openArchive(file);
  archive.close();
  const own = archive.tables.filter(({ component, name }) => component === "" && !name.startsWith("_"));
  return own.map(({ name }) => name).toSorted();
}

async function texts(): Promise<string[]> {
  const client = await person.http();
  const { page } = await client.query(api.messages.list, {
    threadId,
    paginationOpts: { numItems: 100, cursor: null },
  });
  return page.map(({ text }) => text);
}

/** The crons that have ever begun in a home that is stopped. */
function cronsIn(home: Home): unknown[] {
  const store = openDatabase(home);
  try {
    const source = { type: "FullTableScan", tableName: "_cron_jobs", order: "asc" } as const;
    return [store.begin().query("", { source, operators: [] }).next()].filter((row) => row !== null);
  } finally {
    store.close();
  }
}

/** A hash over the objects that the backup holds, as they are on disk. */
async function blobsOnDisk(dataDir: string): Promise<string> {
  const archive = await openArchive(zip);
  archive.close();
  const names = archive.files.map((file) => file.path).filter((name) => name.includes("/blobs/"));
  expect(names.length).toBeGreaterThan(0);
  const hash = createHash("sha256");
  for (const name of names.toSorted()) hash.update(await readFile(path.join(dataDir, name.replace("_home/", ""))));
  return hash.digest("hex");
}

describe("npm run backup", () => {
  test("writes its files while the home serves and people write, quiet in a pipe", async () => {
    let isOver = false;
    const writing = (async () => {
      const tab = person.openTab();
      for (let number = 0; !isOver; number += 1) await send(tab, { text: `Meanwhile ${number}`, threadId });
    })().catch(() => undefined); // The limit on messages per minute may end it.
    const { exitCode, stdout, stderr } = await run("backup", "--data", home.dataDir, "--out", path.join(dir, "backup"));
    isOver = true;
    await writing;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain(zip);
    expect(stdout).toContain(keysZip);
  });

  test.skipIf(noTerminal)(`counts documents on a terminal${noTerminal ? ` (${noTerminal})` : ""}`, async () => {
    const out = path.join(dir, "shown");
    const output = await outputOnTerminal([
      process.execPath,
      "scripts/backup.ts",
      "--data",
      home.dataDir,
      "--out",
      out,
    ]);
    expect(output).toMatch(/\d+ of \d+ documents of users/);
  });

  test("keeps the tables of keys apart from the data, in a file of their own", async () => {
    const keys = ["saltRatchets", "threadKeys", "userKeys"];
    expect(await tablesIn(keysZip)).toEqual(keys);
    expect(await tablesIn(zip)).toEqual(expect.arrayContaining(["messages", "threads", "users"]));
    expect((await tablesIn(zip)).filter((name) => keys.includes(name))).toEqual([]);
  });

  test("puts neither master keys nor content in clear into either", async () => {
    const secrets = await readFile(path.join(home.dataDir, "secrets.env"), "utf8");
    const all: string[] = [];
    for (const file of [zip, keysZip]) {
      all.push((await readFile(file)).toString("latin1"));
      const archive = await openArchive(file);
      for (const table of archive.tables)
        for await (const document of table.documents()) all.push(JSON.stringify(document));
      archive.close();
    }
    const everything = all.join("\n");
    expect(all.length).toBeGreaterThan(10);
    expect(everything).not.toContain(SECRET_TEXT);
    for (const [, value] of secrets.matchAll(/^\w+='(.{16,})'$/gm)) expect(everything).not.toContain(value);
  });

  test("refuses to overwrite a file", async () => {
    const { exitCode, stderr } = await run("backup", "--data", home.dataDir, "--out", path.join(dir, "backup"));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("exists already");
  });
});

describe("npm run restore", () => {
  test("refuses a folder that is in use", async () => {
    expect((await run("restore", zip, keysZip, "--data", home.dataDir)).stderr).toContain("Another Noruxa is running");
  });

  test("refuses a backup that was damaged, and leaves the folder empty", async () => {
    const damaged = path.join(dir, "damaged.zip");
    const bytes = await readFile(zip);
    bytes.fill(0x55, Math.floor(bytes.length / 3), Math.floor(bytes.length / 3) + 64);
    await writeFile(damaged, bytes);
    const target = path.join(dir, "from-damaged");
    const { exitCode, stderr } = await run("restore", damaged, keysZip, "--data", target);
    expect(exitCode).toBe(1);
    expect(stderr).not.toBe("");
    await expect(readFile(path.join(target, "convex/convex.sqlite3"))).rejects.toThrow("ENOENT");
  });

  test("brings a lost home back: people, chats and objects, once its keys are put beside it", async () => {
    const before = await texts();
    const objects = await blobsOnDisk(home.dataDir);
    await home.kill();
    expect((await run("restore", zip, keysZip, "--data", home.dataDir)).stderr).toContain("is not empty");
    const keys = path.join(dir, "secrets.env");
    await copyFile(path.join(home.dataDir, "secrets.env"), keys);
    await rm(home.dataDir, { recursive: true });
    await mkdir(home.dataDir);

    expect((await run("restore", zip, "--data", home.dataDir)).stderr).toContain("file of keys");
    const { exitCode, stdout, stderr } = await run("restore", zip, keysZip, "--data", home.dataDir);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/Restored \d+ documents/);
    await expect(home.restart()).rejects.toThrow(/CRYPTO_KEYRING is missing/);
    await copyFile(keys, path.join(home.dataDir, "secrets.env"));
    await home.restart();

    const after = await texts();
    expect(after).toContain(SECRET_TEXT);
    expect(before).toEqual(expect.arrayContaining(after.filter((text) => text !== "")));
    expect(await blobsOnDisk(home.dataDir)).toBe(objects);
    const client = await person.http();
    await client.mutation(api.account.update, { name: "Ada, back again" });
    expect(await client.query(api.account.me, {})).toMatchObject({ name: "Ada, back again" });
  });

  test(
    "[A21] [A8] [A7] deletes again what was deleted since and knows what was decided, pinned and held, before anything runs and anybody is let in, where it is given the ledger",
    async () => {
      const ledger = path.join(dir, "ledger.jsonl");
      const client = await person.http();
      const bob = await signIn(home, "bob@example.com");
      const { threadId: heldId } = await send(bob.openTab(), { text: "Bob's words" });
      const { threadId: pinnedId } = await send(person.openTab(), { text: "To be pinned" });
      const consent = (given: boolean) =>
        client.mutation(api.privacy.setConsent, { purpose: "news", given, textVersion: 1 });
      await consent(true);
      const again = { data: path.join(dir, "again.data.zip"), keys: path.join(dir, "again.keys.sealed") };
      const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const [publicFile, privateFile] = [path.join(dir, "public.pem"), path.join(dir, "private.pem")];
      await writeFile(publicFile, publicKey.export({ type: "spki", format: "pem" }));
      await writeFile(privateFile, privateKey.export({ type: "pkcs8", format: "pem" }));
      await run("backup", "--data", home.dataDir, "--out", path.join(dir, "again"), "--seal-keys-for", publicFile);
      const where = ["--url", home.urls.api, "--data", home.dataDir];
      const review = new Date(Date.now() + 30 * 24 * 60 * 60_000).toISOString().slice(0, 10);
      const order = ["--chat", heldId, "--matter", "2026/17", "--review", review, "--apply"];
      await run("ops", "hold", "place", subjectOf(await bob.token()), ...order, ...where);
      await consent(false);
      await client.mutation(api.threads.setPinned, { threadId: pinnedId, pinned: true });
      await client.mutation(api.threads.remove, { threadId });
      await (await bob.http()).action(api.account.erase, { confirm: "erase" });
      await bob.leave();
      expect((await run("ops", "receipts", "--out", ledger, ...where)).stdout).toMatch(/appended to .*: 5/);
      await home.kill();
      const secrets = path.join(dir, "secrets.env");
      await rm(home.dataDir, { recursive: true });
      await mkdir(home.dataDir);
      const files = [again.data, again.keys, "--ledger", ledger, "--data", home.dataDir];
      expect((await run("restore", ...files)).stderr).toContain("secrets.env");
      await copyFile(secrets, path.join(home.dataDir, "secrets.env"));
      expect((await run("restore", ...files)).stderr).toContain("--open-with");
      const { exitCode, stdout } = await run("restore", ...files, "--open-with", privateFile);
      expect({ exitCode, stdout }).toEqual({
        exitCode: 0,
        stdout: expect.stringContaining(
          "Deleted again: accounts 1, chats 1, files 0\nIn force again: what people decided 1, pins 1, legal holds of accounts 0 and of chats 1",
        ),
      });
      expect(cronsIn(home)).toEqual([]);
      await home.restart();
      const ada = await person.http();
      expect(await ada.query(api.account.me, {})).toMatchObject({ state: "live" });
      expect((await ada.action(api.privacy.overview, {})).consents).toMatchObject([{ purpose: "news", given: false }]);
      expect(await refusal(ada.query(api.threads.get, { threadId }))).toBe("not_found");
      expect(await ada.query(api.threads.get, { threadId: pinnedId })).toMatchObject({ pinned: true });
      expect((await run("ops", "hold", ...where)).stdout).toContain("2026/17: chat held");
      const isHeld = async () => (await run("ops", "erasure-status", ...where)).stdout.includes(" held");
      await vi.waitUntil(isHeld, { timeout: 30_000, interval: 500 });
      const bobAgain = httpClient(home, await demoToken(home, "bob@example.com"));
      expect(await bobAgain.query(api.account.me, {})).toBeNull();
    },
    RESTORES_TIMEOUT_MS,
  );

  async function refusal(call: Promise<unknown>): Promise<string> {
    return call.then(
      () => "nothing",
      (error: { data?: { code?: string } }) => error.data?.code ?? String(error),
    );
  }
});

describe("npm run ops -- import-export", () => {
  test(
    "[A13] goes on after kill -9 while a file was on its way, and nothing is there twice",
    async () => {
      const [eve, fay] = await Promise.all(["eve", "fay"].map((name) => signIn(home, `${name}@example.com`)));
      if (!eve || !fay) throw new Error("Nobody signed in");
      const tab = eve.openTab();
      const { threadId: chat } = await send(tab, { text: "Eve's own words" });
      await upload(eve, "Eve's own file");
      await tab.mutation(api.privacy.export, {});
      const isReady = async () => (await tab.query(api.privacy.exports, {}))[0]?.state === "ready";
      await vi.waitUntil(isReady, { timeout: 30_000, interval: 100 });
      const [archive] = await tab.query(api.privacy.exports, {});
      const file = path.join(dir, "eve.zip");
      await writeFile(file, new Uint8Array(await (await fetch(archive?.url ?? "")).arrayBuffer()));

      // The home of before was lost, and its admin key with it.
      const adminKey = (await readFile(path.join(home.dataDir, "admin.key"), "utf8")).trim();
      const command = ["import-export", file, "--user", subjectOf(await fay.token()), "--apply"];
      const where = ["--url", home.urls.api, "--data", home.dataDir];
      await postJson(`${home.urls.objects}/_control`, { only: ["PutObject"], delayMs: 60_000 }, adminKey);
      const cut = spawn(process.execPath, [
        "--disable-warning=ExperimentalWarning",
        "scripts/ops.ts",
        ...command,
        ...where,
      ]);
      const isUnderWay = async () => "imports/files:reserve" in (await readMetrics({ ...home, adminKey })).functions;
      await vi.waitUntil(isUnderWay, { timeout: 30_000, interval: 50 });
      cut.kill("SIGKILL");
      await postJson(`${home.urls.objects}/_control`, { reset: true }, adminKey);
      expect((await run("ops", ...command, ...where)).stdout).toContain("was begun to be brought over");

      const fays = await fay.http();
      const paginationOpts = { numItems: 10, cursor: null };
      const { page: chats } = await fays.query(api.threads.list, { view: "recent", paginationOpts });
      expect(chats).toHaveLength(1);
      const { page } = await fays.query(api.messages.list, { threadId: chats[0]?._id ?? "", paginationOpts });
      const { page: eves } = await (await eve.http()).query(api.messages.list, { threadId: chat, paginationOpts });
      const said = (some: typeof page) => some.flatMap(({ role, text }) => (role === "user" ? [text] : []));
      expect([said(page), said(eves)]).toEqual([["Eve's own words"], ["Eve's own words"]]);
      expect(await libraryOf(fay)).toMatchObject([{ name: "notes.txt", contentBytes: 14 }]);
      await Promise.all([eve, fay].map((each) => each.leave()));
    },
    RESTORES_TIMEOUT_MS,
  );

  async function libraryOf(whose: Person) {
    const paginationOpts = { numItems: 10, cursor: null };
    return (await (await whose.http()).query(api.media.library, { paginationOpts })).page;
  }

  /** Uploads a file and keeps it in the library. */
  async function upload(whose: Person, body: string): Promise<void> {
    const headers = { "content-type": "text/plain", "x-file-name": "notes.txt" };
    const authorization = `Bearer ${await whose.token()}`;
    const answer = await fetch(`${home.urls.site}/media/upload`, {
      method: "POST",
      headers: { authorization, ...headers },
      body,
    });
    const { mediaId } = (await answer.json()) as { mediaId: string };
    await (await whose.http()).mutation(api.media.keep, { mediaId });
  }
});
