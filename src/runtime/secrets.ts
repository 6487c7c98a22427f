/** The secrets of an embedded home: made once, kept in its data folder, readable by its owner alone. */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { type KeyringSettings, parseKeyring } from "../shared/keyring.ts";
import { chosenGroup, type Env, FUNCTION_VARIABLES } from "./config.ts";
import { readIfThere, writePrivately } from "./dataFolder.ts";
import { HomeError } from "./homeError.ts";
import type { Credentials } from "./objects/gate.ts";

export interface Secrets {
  /** `name|hex`, as Convex admin keys look; also in `<data>/admin.key`. */
  adminKey: string;
  /** `CRYPTO_KEYRING`, `CRYPTO_ACTIVE_KID` and `CRYPTO_ENV_ID`. */
  crypto: Env;
  /** Makes the pseudonyms of erased people: 32 bytes in base64. */
  erasureKey: string;
  /** Guards the identity stand-in's backend API, in the form of a Clerk secret key. */
  identitySecretKey: string;
  /** Signs webhooks, in Svix's form: `whsec_` and base64. */
  webhookSecret: string;
  /** Bearer key of the model stand-in. */
  modelsApiKey: string;
  /** Signs the model stand-in's webhooks, in the form of Standard Webhooks: `whsec_` and base64. */
  modelsWebhookSecret: string;
  /** Signs requests to the object store. */
  objects: Credentials;
}

/**
 * Reads the secrets of a data folder, making those that are missing. Master keys the person set win.
 * Throws `HomeError` when the master keys are malformed, or missing although `databaseDir` holds data:
 * new ones would make what is there unreadable for good.
 */
export function loadSecrets(dataDir: string, databaseDir: string, env: Env): Secrets {
  const file = path.join(dataDir, "secrets.env");
  const kept = parseEnv(readIfThere(file) ?? "") as Env;
  const crypto = chosenGroup(env, "crypto") ?? keptMasterKeys(kept, file, hasFiles(databaseDir));
  refuseBadMasterKeys(crypto, env["CRYPTO_KEYRING"] ? "the environment" : file);

  const own = { ...newServiceSecrets(), ...kept };
  const written = chosenGroup(env, "crypto") ? own : { ...own, ...crypto };
  if (Object.keys(written).some((name) => kept[name] === undefined)) writePrivately(file, envFileText(written));
  return {
    adminKey: loadAdminKey(dataDir),
    crypto,
    erasureKey: own["ERASURE_KEY"]!,
    identitySecretKey: own["CLERK_SECRET_KEY"]!,
    webhookSecret: own["CLERK_WEBHOOK_SECRET"]!,
    modelsApiKey: own["CHAT_API_KEY"]!,
    modelsWebhookSecret: own["VIDEO_WEBHOOK_SECRET"]!,
    objects: { accessKeyId: own["R2_ACCESS_KEY_ID"]!, secretAccessKey: own["R2_SECRET_ACCESS_KEY"]! },
  };
}

const MASTER_KEY_BYTES = 32;

function refuseBadMasterKeys(crypto: Env, source: string): void {
  try {
    parseKeyring(crypto as unknown as KeyringSettings);
  } catch (error) {
    throw new HomeError(`${(error as Error).message}: correct it in ${source}, or no message can be read or written.`);
  }
}

function keptMasterKeys(kept: Env, file: string, hasData: boolean): Env {
  const keptGroup = Object.fromEntries(
    FUNCTION_VARIABLES.crypto.flatMap((name) => (kept[name] === undefined ? [] : [[name, kept[name]]])),
  );
  if (Object.keys(keptGroup).length > 0) return keptGroup;
  if (!hasData) return newMasterKeys();
  throw new HomeError(
    `CRYPTO_KEYRING is missing, but there is data sealed with it: put ${file} back, or set CRYPTO_KEYRING, ` +
      "CRYPTO_ACTIVE_KID and CRYPTO_ENV_ID to what they were.",
  );
}

function newMasterKeys(): Env {
  return {
    CRYPTO_KEYRING: JSON.stringify({ k1: randomBytes(MASTER_KEY_BYTES).toString("base64") }),
    CRYPTO_ACTIVE_KID: "k1",
    CRYPTO_ENV_ID: `home-${randomBytes(8).toString("hex")}`,
  };
}

function newServiceSecrets(): Env {
  return {
    ERASURE_KEY: randomBytes(32).toString("base64"),
    CLERK_SECRET_KEY: `sk_test_${randomBytes(24).toString("hex")}`,
    CLERK_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString("base64")}`,
    CHAT_API_KEY: `sk-standin-${randomBytes(24).toString("hex")}`,
    VIDEO_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString("base64")}`,
    R2_ACCESS_KEY_ID: randomBytes(16).toString("hex"),
    R2_SECRET_ACCESS_KEY: randomBytes(32).toString("hex"),
  };
}

function loadAdminKey(dataDir: string): string {
  const file = path.join(dataDir, "admin.key");
  const kept = readIfThere(file)?.trim();
  if (kept) return kept;
  const made = `noruxa|${randomBytes(32).toString("hex")}`;
  writePrivately(file, `${made}\n`);
  return made;
}

function envFileText(env: Env): string {
  const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  return ["# Secrets of this data folder. Who has this file and the folder can read every message.", ...lines, ""].join(
    "\n",
  );
}

function hasFiles(dir: string): boolean {
  return existsSync(dir) && readdirSync(dir).length > 0;
}
