import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { helpText, readConfig } from "../../../src/runtime/config.ts";
import { functionEnv, operatorEmails, pageConfig } from "../../../src/runtime/environment.ts";
import { HomeError } from "../../../src/runtime/homeError.ts";
import { originOf, withLocalhost } from "../../../src/runtime/listen.ts";
import type { Secrets } from "../../../src/runtime/secrets.ts";

async function projectWith(envFile = ""): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "noruxa-config-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await writeFile(path.join(dir, ".env.local"), envFile);
  return dir;
}

test("without flags a home is on port 3000 and those above it, on this machine only", async () => {
  const dir = await projectWith();
  expect(readConfig([], {}, dir)).toEqual({
    host: "127.0.0.1",
    ports: { web: 3000, api: 3210, site: 3211, objects: 3212, identity: 3213, models: 3214 },
    dataDir: path.join(dir, ".noruxa"),
    env: {},
  });
});

test("--port-base moves every port, and 0 leaves the choice to the operating system", async () => {
  const dir = await projectWith();
  expect(readConfig(["--port-base", "4000"], {}, dir)!.ports).toEqual({
    web: 4000,
    api: 4210,
    site: 4211,
    objects: 4212,
    identity: 4213,
    models: 4214,
  });
  expect(Object.values(readConfig(["--port-base", "0"], {}, dir)!.ports)).toEqual([0, 0, 0, 0, 0, 0]);
});

test("the environment wins over .env.local, and HOST is read from either", async () => {
  const dir = await projectWith('HOST=10.0.0.1\nCHAT_BASE_URL="https://models.test/v1"\nCHAT_API_KEY=file');
  const config = readConfig([], { CHAT_API_KEY: "environment" }, dir)!;
  expect(config.host).toBe("10.0.0.1");
  expect(config.env).toMatchObject({ CHAT_BASE_URL: "https://models.test/v1", CHAT_API_KEY: "environment" });
});

test.each([
  [["--port-base", "70000"], "--port-base must be a number from 0 to 65321"],
  [["--port-base", "-1"], "--port-base"],
  [["--port-base", "3e3"], 'not "3e3"'],
  [["--nonsense"], "--nonsense"],
  [["extra"], "extra"],
])("%j is refused in a sentence", async (args, part) => {
  const dir = await projectWith();
  const read = () => readConfig(args, {}, dir);
  expect(read).toThrow(HomeError);
  expect(read).toThrow(part);
});

test("--help names every flag", async () => {
  expect(readConfig(["--help"], {}, await projectWith())).toBeNull();
  for (const flag of ["--port-base N", "--data DIR", "--help", "HOST"]) expect(helpText()).toContain(flag);
});

const secrets: Secrets = {
  adminKey: "noruxa|ab",
  crypto: { CRYPTO_KEYRING: "{}", CRYPTO_ACTIVE_KID: "k1", CRYPTO_ENV_ID: "e" },
  erasureKey: "erasure-key",
  identitySecretKey: "sk_test_1",
  webhookSecret: "whsec_1",
  modelsApiKey: "sk-1",
  modelsWebhookSecret: "whsec_2",
  objects: { accessKeyId: "id", secretAccessKey: "secret" },
};
const urls = {
  identity: "http://127.0.0.1:3213",
  models: "http://127.0.0.1:3214",
  objects: "http://127.0.0.1:3212",
  webOrigins: withLocalhost("http://127.0.0.1:3000"),
};

test("functions get the stand-ins where the person set nothing", () => {
  expect(functionEnv({ PATH: "/bin" }, secrets, urls)).toEqual({
    CLERK_JWT_ISSUER_DOMAIN: urls.identity,
    CLERK_SECRET_KEY: "sk_test_1",
    CLERK_API_URL: urls.identity,
    CLERK_WEBHOOK_SECRET: "whsec_1",
    CHAT_BASE_URL: "http://127.0.0.1:3214/v1",
    CHAT_API_KEY: "sk-1",
    CHAT_MODELS: expect.stringContaining('"id":"standin-swift"'),
    IMAGE_PROVIDER: "openai",
    IMAGE_BASE_URL: "http://127.0.0.1:3214/v1",
    IMAGE_API_KEY: "sk-1",
    IMAGE_WEBHOOK_SECRET: "whsec_2",
    IMAGE_MODELS: expect.stringContaining('"id":"standin-sketch"'),
    VIDEO_PROVIDER: "openai",
    VIDEO_BASE_URL: "http://127.0.0.1:3214/v1",
    VIDEO_API_KEY: "sk-1",
    VIDEO_WEBHOOK_SECRET: "whsec_2",
    VIDEO_MODELS: expect.stringContaining('"id":"standin-reel"'),
    R2_ENDPOINT: "http://127.0.0.1:3212",
    R2_BUCKET: "noruxa-media",
    R2_ACCESS_KEY_ID: "id",
    R2_SECRET_ACCESS_KEY: "secret",
    ...secrets.crypto,
    ERASURE_KEY: "erasure-key",
    APP_URL: "http://127.0.0.1:3000",
    ALLOWED_ORIGINS: "http://127.0.0.1:3000,http://localhost:3000",
    OPERATOR_USER_IDS: "",
    OPERATOR_NAME: expect.any(String),
    PRIVACY_EMAIL: expect.stringContaining("@"),
    SECURITY_EMAIL: expect.stringContaining("@"),
  });
});

test("operators are named by their ids, or by their addresses at the stand-in", () => {
  const own = { OPERATOR_USER_IDS: "user_1, user_2", OPERATOR_EMAILS: " me@example.com,you@example.com ," };
  expect(operatorEmails(own)).toEqual(["me@example.com", "you@example.com"]);
  expect(functionEnv(own, secrets, urls, ["user_3"])["OPERATOR_USER_IDS"]).toBe("user_1,user_2,user_3");
});

test("a real provider stands as the person set it, and never meets the stand-in's key", () => {
  const env = functionEnv({ CHAT_BASE_URL: "https://models.test/v1", CHAT_MODELS: "[]" }, secrets, urls);
  expect([env["CHAT_BASE_URL"], env["CHAT_MODELS"], env["CHAT_API_KEY"]]).toEqual([
    "https://models.test/v1",
    "[]",
    undefined,
  ]);
  expect(env["CLERK_API_URL"]).toBe(urls.identity);
});

test("[A22] the page is told how to reach the operator, and where to sign in", () => {
  const convex = { apiUrl: "http://127.0.0.1:3210", siteUrl: "http://127.0.0.1:3211" };
  const embedded = pageConfig(
    { PRIVACY_EMAIL: "privacy@example.com", OPERATOR_NAME: "Example" },
    convex,
    urls.identity,
  );
  expect(embedded).toEqual({
    convexUrl: convex.apiUrl,
    convexSiteUrl: convex.siteUrl,
    identityUrl: urls.identity,
    signIn: "embedded",
    operatorName: "Example",
    contact: "privacy@example.com",
  });
  const clerk = pageConfig({ VITE_CLERK_PUBLISHABLE_KEY: "pk_test_1" }, convex, urls.identity);
  expect(clerk).toMatchObject({ signIn: "clerk", contact: expect.stringContaining("@") });
  expect(clerk.identityUrl).toBeUndefined();
});

test("a home that listens everywhere is reached on the loopback address", () => {
  expect([originOf("0.0.0.0", 1), originOf("::", 1), originOf("::1", 1), originOf("10.0.0.1", 1)]).toEqual([
    "http://127.0.0.1:1",
    "http://127.0.0.1:1",
    "http://[::1]:1",
    "http://10.0.0.1:1",
  ]);
});
