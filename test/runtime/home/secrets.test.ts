import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat, unlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseEnv } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { openDataFolder, tryLock } from "../../../src/runtime/dataFolder.ts";
import { HomeError } from "../../../src/runtime/homeError.ts";
import { loadSecrets } from "../../../src/runtime/secrets.ts";

async function tempFolder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "noruxa-secrets-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function folderWithData() {
  const dir = await tempFolder();
  const database = path.join(dir, "convex");
  const first = loadSecrets(dir, database, {});
  await mkdir(database);
  await writeFile(path.join(database, "convex.sqlite3"), "data");
  const file = path.join(dir, "secrets.env");
  const load = (env = {}) => loadSecrets(dir, database, env);
  return { dir, first, file, load };
}

const ringOf = (...kids: string[]) =>
  JSON.stringify(Object.fromEntries(kids.map((kid) => [kid, randomBytes(32).toString("base64")])));

test("secrets are made once, differ from folder to folder, and only their owner may read them", async () => {
  const { dir, first, load } = await folderWithData();
  expect(load()).toEqual(first);
  const other = await tempFolder();
  const second = loadSecrets(other, path.join(other, "convex"), {});
  expect(second.crypto["CRYPTO_KEYRING"]).not.toBe(first.crypto["CRYPTO_KEYRING"]);
  expect(second.adminKey).not.toBe(first.adminKey);
  for (const name of ["admin.key", "secrets.env"]) expect((await stat(path.join(dir, name))).mode & 0o777).toBe(0o600);
});

test("the admin key is in admin.key, in the form Convex admin keys have", async () => {
  const { dir, first } = await folderWithData();
  expect(first.adminKey).toMatch(/^noruxa\|[0-9a-f]{64}$/);
  expect((await readFile(path.join(dir, "admin.key"), "utf8")).trim()).toBe(first.adminKey);
});

test("data without its key ring is refused, naming the variable and what to do, and nothing is made", async () => {
  const { file, load } = await folderWithData();
  await unlink(file);
  expect(() => load()).toThrow(HomeError);
  expect(() => load()).toThrow(/CRYPTO_KEYRING is missing.*put .*secrets\.env back, or set CRYPTO_KEYRING/);
  await expect(stat(file)).rejects.toThrow("ENOENT");
});

test.each([
  ["CRYPTO_KEYRING", "{"],
  ["CRYPTO_KEYRING", "[]"],
  ["CRYPTO_KEYRING", "{}"],
  ["CRYPTO_KEYRING", '{"k1":"c2hvcnQ="}'],
  ["CRYPTO_KEYRING", '{"k1":5}'],
  ["CRYPTO_ACTIVE_KID", "k9"],
  ["CRYPTO_ENV_ID", ""],
])("a malformed %s (%s) is refused by its name", async (name, value) => {
  const { file, load } = await folderWithData();
  const kept = parseEnv(await readFile(file, "utf8"));
  const lines = Object.entries({ ...kept, [name]: value }).map(([key, text]) => `${key}='${text}'`);
  await writeFile(file, lines.join("\n"));
  expect(() => load()).toThrow(HomeError);
  expect(() => load()).toThrow(name);
});

test("a lost part of the master keys is refused by its name, not made anew", async () => {
  const { file, load } = await folderWithData();
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => !line.startsWith("CRYPTO_ENV_ID"));
  await writeFile(file, lines.join("\n"));
  expect(() => load()).toThrow(/CRYPTO_ENV_ID/);
});

test("master keys of the environment win, are checked, and are not written down", async () => {
  const { file, load } = await folderWithData();
  const before = await readFile(file, "utf8");
  const crypto = { CRYPTO_KEYRING: ringOf("a", "b"), CRYPTO_ACTIVE_KID: "b", CRYPTO_ENV_ID: "prod" };
  expect(load(crypto).crypto).toEqual(crypto);
  expect(await readFile(file, "utf8")).toBe(before);
  expect(() => load({ ...crypto, CRYPTO_ACTIVE_KID: "c" })).toThrow(/CRYPTO_ACTIVE_KID.*the environment/);
  expect(() => load({ CRYPTO_KEYRING: crypto.CRYPTO_KEYRING })).toThrow(/CRYPTO_ENV_ID/);
});

test("a folder is held by one at a time and free again afterwards", async () => {
  const dir = path.join(await tempFolder(), "deep", "er");
  const held = openDataFolder(dir);
  expect(() => openDataFolder(dir)).toThrow(HomeError);
  expect(() => openDataFolder(dir)).toThrow(/Another Noruxa is running on .*--data DIR/);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  held.release();
  openDataFolder(dir).release();
});

test("a folder that cannot be made is refused in a sentence", async () => {
  const file = path.join(await tempFolder(), "file");
  await writeFile(file, "");
  expect(() => openDataFolder(path.join(file, "data"))).toThrow(/cannot be used .*--data DIR/);
});

test("a lock is null for the second and says when it cannot be had at all", async () => {
  const dir = await tempFolder();
  const release = tryLock(path.join(dir, "lock"))!;
  expect(tryLock(path.join(dir, "lock"))).toBeNull();
  release();
  expect(() => tryLock(path.join(dir, "missing", "lock"))).toThrow("unable to open");
});
