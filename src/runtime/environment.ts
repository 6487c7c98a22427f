/** The environment variables the functions in `convex/` get: what the person set, and the stand-ins for the rest. */
import { chosenGroup, type Env, FUNCTION_VARIABLES } from "./config.ts";
import { IMAGE_MODEL, IMAGE_SIZES, LONGEST_VIDEO_SECONDS, VIDEO_MODEL } from "./models/mediaPlans.ts";
import { MODELS } from "./models/plans.ts";
import type { Secrets } from "./secrets.ts";
import type { PageConfig } from "./web.ts";

/** Where the services of a home answer. */
export interface ServiceUrls {
  identity: string;
  models: string;
  objects: string;
  /** Origins of the web page, the one to link to first. */
  webOrigins: readonly [string, ...string[]];
}

/** The addresses of those who may see the operator's page, as the person set them. Pure. */
export function operatorEmails(own: Env): string[] {
  return namesIn(own["OPERATOR_EMAILS"]);
}

/** The one bucket of the object store. */
export const BUCKET = "noruxa-media";

/** Shown where the person named no operator: whoever runs this home is. */
const OPERATOR: Env = {
  OPERATOR_NAME: "Whoever runs this machine",
  PRIVACY_EMAIL: "privacy@localhost",
  SECURITY_EMAIL: "security@localhost",
};

/** Credits for a picture of the stand-in, by its pixels, and for a second of video. */
const CREDITS_PER_MEGAPIXEL = 40;
const CREDITS_PER_SECOND = 20;

const IMAGE_CATALOGUE = [
  { ...named(IMAGE_MODEL), seed: true, prices: [{ sizes: Object.fromEntries(IMAGE_SIZES.map(sizePrice)) }] },
];
const VIDEO_CATALOGUE = [
  {
    ...named(VIDEO_MODEL),
    seed: true,
    longest: LONGEST_VIDEO_SECONDS,
    ratios: ["16:9", "9:16"],
    prices: [{ perSecond: CREDITS_PER_SECOND }],
  },
];

/**
 * A group the person set stands as it is, so that a real key never meets a stand-in's address or the reverse. The ids are
 * those of operators at the identity stand-in. Pure.
 */
export function functionEnv(own: Env, secrets: Secrets, urls: ServiceUrls, operatorIds: string[] = []): Env {
  return {
    ...(chosenGroup(own, "identity") ?? {
      CLERK_JWT_ISSUER_DOMAIN: urls.identity,
      CLERK_SECRET_KEY: secrets.identitySecretKey,
      CLERK_API_URL: urls.identity,
      CLERK_WEBHOOK_SECRET: secrets.webhookSecret,
    }),
    ...(chosenGroup(own, "chat") ?? {
      CHAT_BASE_URL: `${urls.models}/v1`,
      CHAT_API_KEY: secrets.modelsApiKey,
      CHAT_MODELS: JSON.stringify(MODELS.map(({ id, label, images }) => ({ id, label, images }))),
    }),
    ...(chosenGroup(own, "image") ?? mediaEnv("IMAGE", IMAGE_CATALOGUE, secrets, urls)),
    ...(chosenGroup(own, "video") ?? mediaEnv("VIDEO", VIDEO_CATALOGUE, secrets, urls)),
    ...ownOf(own, FUNCTION_VARIABLES.jobs),
    ...(chosenGroup(own, "media") ?? {
      R2_ENDPOINT: urls.objects,
      R2_BUCKET: BUCKET,
      R2_ACCESS_KEY_ID: secrets.objects.accessKeyId,
      R2_SECRET_ACCESS_KEY: secrets.objects.secretAccessKey,
    }),
    ...secrets.crypto,
    ERASURE_KEY: own["ERASURE_KEY"] || secrets.erasureKey,
    APP_URL: own["APP_URL"] || urls.webOrigins[0],
    ALLOWED_ORIGINS: own["ALLOWED_ORIGINS"] || urls.webOrigins.join(","),
    OPERATOR_USER_IDS: [...namesIn(own["OPERATOR_USER_IDS"]), ...operatorIds].join(","),
    ...operatorEnv(own),
  };
}

/** What the page is told. Pure. */
export function pageConfig(own: Env, convex: { apiUrl: string; siteUrl: string }, identityUrl: string): PageConfig {
  const operator = operatorEnv(own);
  const common = {
    convexUrl: convex.apiUrl,
    convexSiteUrl: convex.siteUrl,
    operatorName: operator["OPERATOR_NAME"]!,
    contact: operator["PRIVACY_EMAIL"]!,
  };
  if (own["VITE_CLERK_PUBLISHABLE_KEY"]) return { ...common, signIn: "clerk" };
  return { ...common, signIn: "embedded", identityUrl };
}

/** The stand-in as a provider of pictures or videos. */
function mediaEnv(prefix: "IMAGE" | "VIDEO", catalogue: object[], secrets: Secrets, urls: ServiceUrls): Env {
  return {
    [`${prefix}_PROVIDER`]: "openai",
    [`${prefix}_BASE_URL`]: `${urls.models}/v1`,
    [`${prefix}_API_KEY`]: secrets.modelsApiKey,
    [`${prefix}_WEBHOOK_SECRET`]: secrets.modelsWebhookSecret,
    [`${prefix}_MODELS`]: JSON.stringify(catalogue),
  };
}

function namesIn(list: string | undefined): string[] {
  return (list ?? "").split(",").flatMap((name) => name.trim() || []);
}

function ownOf(own: Env, names: readonly string[]): Env {
  return Object.fromEntries(names.flatMap((name) => (own[name] ? [[name, own[name]]] : [])));
}

function named({ id, label }: { id: string; label: string }) {
  return { id, label };
}

function sizePrice(size: string): [string, number] {
  const [width = 0, height = 0] = size.split("x").map(Number);
  return [size, Math.ceil((width * height * CREDITS_PER_MEGAPIXEL) / 1024 ** 2)];
}

function operatorEnv(own: Env): Env {
  const entries = Object.entries(OPERATOR).map(([name, otherwise]) => [name, own[name] || otherwise]);
  return Object.fromEntries(entries);
}
