import { type Bytes, fromBase64 } from "./bytes.ts";

/** The master keys of a deployment. `activeKid` names the one that wraps new keys; the others still open old wraps. */
export interface Keyring {
  /** Names the deployment. Bound into every key and envelope, so that data of one does not open in another. */
  envId: string;
  activeKid: string;
  roots: ReadonlyMap<string, Bytes>;
}

/** The environment variables a key ring is read from, as they are found. */
export interface KeyringSettings {
  CRYPTO_KEYRING: string | undefined;
  CRYPTO_ACTIVE_KID: string | undefined;
  CRYPTO_ENV_ID: string | undefined;
}

/**
 * The master keys, the active one first: whatever was signed with a key that is derived from any of them still holds, so
 * that nothing becomes void in the moment in which another becomes active.
 */
export function rootsOf({ activeKid, roots }: Keyring): Bytes[] {
  const others = [...roots].filter(([kid]) => kid !== activeKid).map(([, root]) => root);
  const active = roots.get(activeKid);
  return active ? [active, ...others] : others;
}

const ROOT_BYTES = 32;
const NAME = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * Reads the key ring: `CRYPTO_KEYRING` is a JSON object from key id to 32 bytes in base64, `CRYPTO_ACTIVE_KID` one of
 * its ids, `CRYPTO_ENV_ID` the deployment's name. Throws an Error whose message names the variable at fault and never
 * shows its value.
 */
export function parseKeyring(settings: KeyringSettings): Keyring {
  const envId = parseName("CRYPTO_ENV_ID", settings.CRYPTO_ENV_ID);
  const activeKid = parseName("CRYPTO_ACTIVE_KID", settings.CRYPTO_ACTIVE_KID);
  const roots = parseRoots(settings.CRYPTO_KEYRING);
  if (!roots.has(activeKid)) throw new Error("CRYPTO_ACTIVE_KID names a key that CRYPTO_KEYRING does not hold");
  return { envId, activeKid, roots };
}

function parseName(variable: string, value: string | undefined): string {
  if (!value) throw new Error(`${variable} is not set`);
  if (!NAME.test(value)) throw new Error(`${variable} must be 1 to 32 letters, digits, "-" or "_"`);
  return value;
}

function parseRoots(json: string | undefined): Map<string, Bytes> {
  if (!json) throw new Error("CRYPTO_KEYRING is not set");
  const entries = Object.entries(parseObject(json));
  if (entries.length === 0) throw new Error("CRYPTO_KEYRING holds no key");
  return new Map(entries.map(([kid, root]) => [parseName("A key id in CRYPTO_KEYRING", kid), parseRoot(kid, root)]));
}

function parseObject(json: string): object {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's own message quotes its input, which is secret here.
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("CRYPTO_KEYRING must be a JSON object from key id to base64");
  }
  return value;
}

function parseRoot(kid: string, value: unknown): Bytes {
  const root = typeof value === "string" ? decodeOrNull(value) : null;
  if (root?.length !== ROOT_BYTES) throw new Error(`CRYPTO_KEYRING: key "${kid}" must be 32 bytes in base64`);
  return root;
}

function decodeOrNull(base64: string): Bytes | null {
  try {
    return fromBase64(base64);
  } catch {
    return null;
  }
}
