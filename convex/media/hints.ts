import { Webhook } from "standardwebhooks";
import { type Bytes, fromBase64Url, utf8 } from "../../src/shared/bytes.ts";
import { MADE_KINDS, type MediaProviderName } from "../../src/shared/mediaModels.ts";
import { mediaSettings } from "../models/mediaCatalogue.ts";

/*
 * What a provider sends when an order has changed is taken as a hint to look, and nothing in it is believed but the
 * order's id. It must be signed all the same, so that strangers cannot make us ask providers.
 */

/** Where fal publishes the keys it signs with (https://docs.fal.ai/model-apis/model-endpoints/webhooks). */
const FAL_KEYS_URL = "https://rest.alpha.fal.ai/.well-known/jwks.json";
const FAL_KEYS_MS = 10_000;
/** How old a message may be, and how far ahead its clock. */
const TOLERANCE_MS = 5 * 60_000;

/** The id of the order a message is about, or null where it is not signed as that provider signs. */
export async function readHint(
  provider: MediaProviderName,
  message: { body: string; headers: Headers; nowMs: number },
): Promise<string | null> {
  const settings = MADE_KINDS.map((kind) => mediaSettings(kind)).filter((known) => known?.provider === provider);
  if (settings.length === 0) return null;
  const secrets = settings.flatMap((known) => known?.webhookSecret ?? []);
  const isGenuine = provider === "fal" ? await isFromFal(message) : secrets.some((secret) => isSigned(secret, message));
  return isGenuine ? orderIdOf(provider, message.body) : null;
}

/** Standard Webhooks (https://www.standardwebhooks.com), which refuses what is older than five minutes. */
function isSigned(secret: string, { body, headers }: { body: string; headers: Headers }): boolean {
  try {
    new Webhook(secret).verify(body, Object.fromEntries(headers.entries()), { jsonParse: false });
    return true;
  } catch {
    // The library throws for whatever is wrong with a message, and none of it is to be told to its sender.
    return false;
  }
}

async function isFromFal({
  body,
  headers,
  nowMs,
}: {
  body: string;
  headers: Headers;
  nowMs: number;
}): Promise<boolean> {
  const [requestId, userId, timestamp, signature] = ["request-id", "user-id", "timestamp", "signature"].map(
    (name) => headers.get(`x-fal-webhook-${name}`) ?? "",
  );
  const isRecent = Math.abs(nowMs - Number(timestamp) * 1000) <= TOLERANCE_MS;
  const signed = /^[0-9a-f]{128}$/i.test(signature ?? "") ? fromHex(signature ?? "") : null;
  if (!isRecent || !signed) return false;
  const digest = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(body))));
  const text = utf8([requestId, userId, timestamp, digest].join("\n"));
  const checks = (await loadFalKeys()).map((key) => crypto.subtle.verify("Ed25519", key, signed, text));
  return (await Promise.all(checks)).includes(true);
}

async function loadFalKeys(): Promise<CryptoKey[]> {
  const response = await fetch(FAL_KEYS_URL, { signal: AbortSignal.timeout(FAL_KEYS_MS) });
  if (!response.ok) throw new Error(`fal's keys could not be read: status ${response.status}`);
  const { keys = [] } = (await response.json()) as { keys?: { x?: string }[] };
  return Promise.all(
    keys.map(({ x = "" }) => crypto.subtle.importKey("raw", fromBase64Url(x), "Ed25519", false, ["verify"])),
  );
}

/** fal and Replicate name the order at the top, OpenAI in `data`. */
function orderIdOf(provider: MediaProviderName, body: string): string | null {
  let event: { request_id?: unknown; id?: unknown; data?: { id?: unknown } } | null;
  try {
    event = JSON.parse(body);
  } catch {
    return null;
  }
  const id = { fal: event?.request_id, replicate: event?.id, openai: event?.data?.id }[provider];
  return typeof id === "string" ? id : null;
}

function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
