/**
 * The environment variables of a deployment as data: what each is for, whether it is needed, and the shape a value
 * must have. Pure: `probes.ts` asks the services behind them.
 */

import { parseChatModels } from "../../src/shared/chatModels.ts";
import { type KeyringSettings, parseKeyring } from "../../src/shared/keyring.ts";

import { type MadeKind, MEDIA_PROVIDERS, parseMediaModels, parseMediaProvider } from "../../src/shared/mediaModels.ts";

export type Values = Readonly<Record<string, string | undefined>>;

export type Step =
  | "Identity (Clerk)"
  | "Encryption"
  | "Chat models"
  | "Web and contact"
  | "Media storage (R2)"
  | "Pictures and videos";

export interface Variable {
  name: string;
  step: Step;
  /** What it is for, in one line. */
  purpose: string;
  /** `always`; or the variable that, once set, makes this one needed; or `never`. */
  needed: "always" | "never" | { with: string };
  /** A sentence saying what is wrong with the value, or null. */
  fault: (value: string, all: Values) => string | null;
}

export interface Finding {
  name: string;
  step: Step;
  state: "ok" | "unset" | "wrong";
  message: string;
}

/** Convex cuts environment values off at 8 KiB. */
const VALUE_LIMIT_BYTES = 8_192;

export const variables: readonly Variable[] = [
  {
    name: "CLERK_JWT_ISSUER_DOMAIN",
    step: "Identity (Clerk)",
    purpose: "issuer of the sign-in tokens: the Frontend API URL of the Clerk application",
    needed: "always",
    fault: httpsUrl,
  },
  {
    name: "CLERK_SECRET_KEY",
    step: "Identity (Clerk)",
    purpose: "lets the backend call Clerk's API",
    needed: "always",
    fault: (value) => prefixed(value, ["sk_live_", "sk_test_"]),
  },
  {
    name: "CLERK_API_URL",
    step: "Identity (Clerk)",
    purpose: "another address of Clerk's API; unset means https://api.clerk.com",
    needed: "never",
    fault: httpUrl,
  },
  {
    name: "CLERK_WEBHOOK_SECRET",
    step: "Identity (Clerk)",
    purpose: "verifies the webhooks Clerk sends",
    needed: "always",
    fault: webhookSecretFault,
  },
  {
    name: "CRYPTO_KEYRING",
    step: "Encryption",
    purpose: 'the master keys, as JSON: {"<key id>":"<32 bytes in base64>"}',
    needed: "always",
    fault: (value) => keyringFault("CRYPTO_KEYRING", { CRYPTO_KEYRING: value }),
  },
  {
    name: "CRYPTO_ACTIVE_KID",
    step: "Encryption",
    purpose: "id of the master key that new keys are wrapped with",
    needed: "always",
    fault: (value, { CRYPTO_KEYRING }) =>
      keyringFault("CRYPTO_ACTIVE_KID", { CRYPTO_KEYRING, CRYPTO_ACTIVE_KID: value }),
  },
  {
    name: "CRYPTO_ENV_ID",
    step: "Encryption",
    purpose: "name of this deployment, bound into every key; never change it once there is data",
    needed: "always",
    fault: (value) => keyringFault("CRYPTO_ENV_ID", { CRYPTO_ENV_ID: value }),
  },
  {
    name: "ERASURE_KEY",
    step: "Encryption",
    purpose: "makes the pseudonyms and receipts of erased people: 32 bytes in base64; never change it",
    needed: "always",
    fault: (value) => (Buffer.from(value, "base64").length === 32 ? null : "is not 32 bytes in base64"),
  },
  {
    name: "RESTORING",
    step: "Encryption",
    purpose: "true while a backup is brought back: nothing runs by the clock",
    needed: "never",
    fault: () => "is only for bringing back a backup: replay the ledger, unset it, and push the functions again",
  },
  {
    name: "CHAT_BASE_URL",
    step: "Chat models",
    purpose: "an OpenAI-compatible endpoint, up to and including its version, such as https://api.openai.com/v1",
    needed: "always",
    fault: httpUrl,
  },
  {
    name: "CHAT_API_KEY",
    step: "Chat models",
    purpose: "the key sent to that endpoint",
    needed: "always",
    fault: (value) => (/\s/.test(value) ? "contains white space" : null),
  },
  {
    name: "CHAT_MODELS",
    step: "Chat models",
    purpose: 'the chat models people may pick, as JSON: [{"id":"…","label":"…"}]',
    needed: "always",
    fault: (value) => complaint("CHAT_MODELS", () => parseChatModels(value)),
  },
  {
    name: "ALLOWED_ORIGINS",
    step: "Web and contact",
    purpose: "origins of the web app that may call the HTTP routes, separated by commas",
    needed: "always",
    fault: originsFault,
  },
  {
    name: "APP_URL",
    step: "Web and contact",
    purpose: "address of the web app, for links",
    needed: "always",
    fault: httpUrl,
  },
  {
    name: "OPERATOR_NAME",
    step: "Web and contact",
    purpose: "who runs this service, as people read it",
    needed: "always",
    fault: (value) => (value.trim() === "" ? "is blank" : null),
  },
  {
    name: "OPERATOR_USER_IDS",
    step: "Web and contact",
    purpose:
      "identity provider's ids of those who may see the operator's page, separated by commas; unset means nobody",
    needed: "never",
    fault: userIdsFault,
  },
  {
    name: "PRIVACY_EMAIL",
    step: "Web and contact",
    purpose: "where people write about their data",
    needed: "always",
    fault: emailFault,
  },
  {
    name: "SECURITY_EMAIL",
    step: "Web and contact",
    purpose: "where security reports go",
    needed: "always",
    fault: emailFault,
  },
  {
    name: "R2_ENDPOINT",
    step: "Media storage (R2)",
    purpose: "S3 address of the account: https://<account>.r2.cloudflarestorage.com",
    needed: { with: "R2_BUCKET" },
    fault: (value) =>
      httpUrl(value) ?? (new URL(value).pathname === "/" ? null : "must end at the host, without the bucket"),
  },
  {
    name: "R2_BUCKET",
    step: "Media storage (R2)",
    purpose: "name of the private bucket for media",
    needed: "never",
    fault: (value) =>
      /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(value) ? null : "must be 3 to 63 lower-case letters, digits and hyphens",
  },
  {
    name: "R2_ACCESS_KEY_ID",
    step: "Media storage (R2)",
    purpose: "id of an R2 API token that may read and write objects of this bucket only",
    needed: { with: "R2_BUCKET" },
    fault: (value) => (/^\S+$/.test(value) ? null : "contains white space"),
  },
  {
    name: "R2_SECRET_ACCESS_KEY",
    step: "Media storage (R2)",
    purpose: "secret of that token",
    needed: { with: "R2_BUCKET" },
    fault: (value) => (/^\S+$/.test(value) ? null : "contains white space"),
  },
  ...mediaVariables("image", "IMAGE"),
  ...mediaVariables("video", "VIDEO"),
  {
    name: "MEDIA_PARALLELISM",
    step: "Pictures and videos",
    purpose: "how many pictures and videos are made at once; unset means 8",
    needed: "never",
    fault: positiveNumberFault,
  },
  {
    name: "MEDIA_MAX_BYTES",
    step: "Pictures and videos",
    purpose: "the longest result that is kept, in bytes; unset means 200 MiB",
    needed: "never",
    fault: positiveNumberFault,
  },
];

/** What can be said about every variable without asking anyone. Values never appear in a message. */
export function inspect(values: Values): Finding[] {
  return variables.map((variable) => inspectOne(variable, values));
}

function inspectOne({ name, step, purpose, needed, fault }: Variable, values: Values): Finding {
  const value = values[name];
  if (!value) {
    const missing = needed === "always" || (needed !== "never" && Boolean(values[needed.with]));
    return {
      name,
      step,
      state: missing ? "wrong" : "unset",
      message: `${missing ? "is missing" : "is not set"}: ${purpose}`,
    };
  }
  const oversized = Buffer.byteLength(value) > VALUE_LIMIT_BYTES ? `is longer than ${VALUE_LIMIT_BYTES} bytes` : null;
  const problem = oversized ?? fault(value, values);
  return { name, step, state: problem ? "wrong" : "ok", message: problem ?? purpose };
}

/** What ordering pictures or videos from a provider takes; without a provider the product does without them. */
function mediaVariables(kind: MadeKind, prefix: "IMAGE" | "VIDEO"): Variable[] {
  const step = "Pictures and videos";
  const provider = `${prefix}_PROVIDER`;
  const models = `${prefix}_MODELS`;
  return [
    {
      name: provider,
      step,
      purpose: `who makes ${kind}s: ${MEDIA_PROVIDERS.join(", ")}`,
      needed: "never",
      fault: (value) => complaint(provider, () => parseMediaProvider(provider, value)),
    },
    {
      name: `${prefix}_BASE_URL`,
      step,
      purpose: `address of that provider; openai needs one, up to and including its version`,
      needed: "never",
      fault: httpUrl,
    },
    {
      name: `${prefix}_API_KEY`,
      step,
      purpose: "the key sent to that provider",
      needed: { with: provider },
      fault: (value) => (/\s/.test(value) ? "contains white space" : null),
    },
    {
      name: `${prefix}_WEBHOOK_SECRET`,
      step,
      purpose: "verifies that provider's webhooks, where it signs them with a shared secret",
      needed: "never",
      fault: (value) => (/\s/.test(value) ? "contains white space" : null),
    },
    {
      name: models,
      step,
      purpose: `the models people may pick for ${kind}s, as JSON`,
      needed: { with: provider },
      fault: (value) => complaint(models, () => parseMediaModels(kind, value)),
    },
  ];
}

function positiveNumberFault(value: string): string | null {
  return Number(value) > 0 ? null : "must be a number above 0";
}

function httpUrl(value: string): string | null {
  if (!URL.canParse(value)) return "is not a URL";
  return ["http:", "https:"].includes(new URL(value).protocol) ? null : "must begin with https://";
}

function httpsUrl(value: string): string | null {
  const problem = httpUrl(value);
  if (problem) return problem;
  const { protocol, hostname } = new URL(value);
  const local = hostname === "localhost" || hostname === "127.0.0.1";
  return protocol === "https:" || local ? null : "must begin with https://";
}

function prefixed(value: string, prefixes: string[]): string | null {
  return prefixes.some((prefix) => value.startsWith(prefix)) ? null : `must begin with ${prefixes.join(" or ")}`;
}

function webhookSecretFault(value: string): string | null {
  const secrets = value.split(/[\s,]+/u).filter(Boolean);
  const problems = secrets.map(
    (secret) =>
      prefixed(secret, ["whsec_"]) ?? (isBase64(secret.slice("whsec_".length)) ? null : "is not base64 after whsec_"),
  );
  return problems.find((problem) => problem !== null) ?? null;
}

/** What the backend's own reader says about one variable of the key ring; the others stand in as well formed. */
function keyringFault(name: keyof KeyringSettings, settings: Partial<KeyringSettings>): string | null {
  const wellFormed = { CRYPTO_KEYRING: undefined, CRYPTO_ACTIVE_KID: "any", CRYPTO_ENV_ID: "any" };
  return complaint(name, () => parseKeyring({ ...wellFormed, ...settings }));
}

/** The message of the error `read` throws, when that error is about `name`: the first variable it mentions. */
function complaint(name: string, read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    const { message } = error as Error;
    return message.match(/\b[A-Z]+_[A-Z_]+/)?.[0] === name ? message.replace(`${name} `, "") : null;
  }
}

function userIdsFault(value: string): string | null {
  const bad = value.split(",").find((id) => !/^user_\w+$/.test(id.trim()));
  return bad === undefined ? null : `${JSON.stringify(bad.trim())} is not an id such as user_2abc`;
}

function isBase64(text: string): boolean {
  return text !== "" && withoutPadding(Buffer.from(text, "base64").toString("base64")) === withoutPadding(text);
}

function withoutPadding(base64: string): string {
  return base64.replace(/=+$/, "");
}

function originsFault(value: string): string | null {
  const bad = value.split(",").find((origin) => !isOrigin(origin.trim()));
  return bad === undefined ? null : `${JSON.stringify(bad.trim())} is not an origin such as https://chat.example.com`;
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function emailFault(value: string): string | null {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? null : "is not a mail address";
}
