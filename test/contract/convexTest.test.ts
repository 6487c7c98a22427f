import rateLimiter from "@convex-dev/rate-limiter/test";
import { convexTest } from "convex-test";
import { afterAll } from "vitest";
import schema from "../../convex/schema.ts";
import type { Listener } from "../../src/runtime/listen.ts";
import { MODELS } from "../../src/runtime/models/plans.ts";
import { startModels } from "../../src/runtime/models/server.ts";
import { postJson } from "../support/people.ts";
import { type Caller, describeBehaviour, type Target } from "./behaviour.ts";

const API_KEY = "test-key";
const ADMIN_KEY = "test|admin";
const WEBHOOK_SECRET = `whsec_${btoa("twenty-four bytes, or so")}`;

let models: Listener | undefined;
afterAll(() => models?.close());

describeBehaviour("convex-test", async (): Promise<Target> => {
  models = await startModels({
    host: "127.0.0.1",
    port: 0,
    apiKey: API_KEY,
    adminKey: ADMIN_KEY,
    webhookSecret: WEBHOOK_SECRET,
  });
  await postJson(`${models.url}/_control`, { chunks: 4, charsPerChunk: 20, firstTokenMs: 0, intervalMs: 2 }, ADMIN_KEY);
  Object.assign(process.env, {
    CHAT_BASE_URL: `${models.url}/v1`,
    CHAT_API_KEY: API_KEY,
    CHAT_MODELS: JSON.stringify(MODELS.map(({ id, label }) => ({ id, label }))),
    CRYPTO_KEYRING: JSON.stringify({ k1: Buffer.alloc(32, 1).toString("base64") }),
    CRYPTO_ACTIVE_KID: "k1",
    CRYPTO_ENV_ID: "contract",
    ERASURE_KEY: Buffer.alloc(32, 2).toString("base64"),
  });
  const backend = convexTest({ schema, modules: import.meta.glob("../../convex/**/*.*s"), transactionLimits: true });
  rateLimiter.register(backend);
  const issuer = "https://identity.example.com";
  return {
    stranger: async () => backend as unknown as Caller,
    person: async (email) =>
      backend.withIdentity({
        subject: email,
        issuer,
        tokenIdentifier: `${issuer}|${email}`,
        email,
        name: email,
      }) as unknown as Caller,
  };
});
