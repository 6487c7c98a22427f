import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { type Backend, type Person, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";

useBackendEnvironment();

const SECRET = `whsec_${btoa("a secret for media jobs!")}`;
const REQUEST_ID = "order-1";

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  for (const kind of ["IMAGE", "VIDEO"]) {
    vi.stubEnv(`${kind}_PROVIDER`, "openai");
    vi.stubEnv(`${kind}_BASE_URL`, "http://127.0.0.1:9/v1");
    vi.stubEnv(`${kind}_API_KEY`, "key");
  }
  vi.stubEnv("IMAGE_MODELS", JSON.stringify([{ id: "painter", prices: [{ sizes: { "512x512": 10 } }] }]));
  vi.stubEnv("VIDEO_MODELS", JSON.stringify([{ id: "director", prices: [{ perSecond: 10 }] }]));
  vi.stubEnv("VIDEO_WEBHOOK_SECRET", SECRET);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  backend = startBackend();
  ada = await signedIn(backend);
});

function useProvider(name: string): void {
  vi.stubEnv("VIDEO_PROVIDER", name);
}

/** A job whose order the provider has. */
async function runningJob(provider: "openai" | "fal" | "replicate") {
  const order = { requestId: crypto.randomUUID(), kind: "video", prompt: "a heron" } as const;
  const { jobId } = await ada.mutation(api.media.request, order);
  await backend.run((ctx) =>
    ctx.db.patch("mediaJobs", jobId, { state: "running", step: 3, provider, providerRequestId: REQUEST_ID }),
  );
  return jobId;
}

const stepOf = async (jobId: Awaited<ReturnType<typeof runningJob>>) =>
  (await backend.run((ctx) => ctx.db.get("mediaJobs", jobId)))?.step;

function post(provider: string, body: string, headers: Record<string, string>) {
  return backend.fetch(`/webhooks/media/${provider}`, { method: "POST", body, headers });
}

/** Headers of Standard Webhooks. */
function signed(body: string, { secret = SECRET, at = new Date(), id = "msg_1" } = {}): Record<string, string> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
}

const openaiBody = JSON.stringify({ type: "video.completed", data: { id: REQUEST_ID } });

describe("a provider's webhook", () => {
  it.each([
    ["openai", openaiBody],
    ["replicate", JSON.stringify({ id: REQUEST_ID, status: "succeeded" })],
  ] as const)("of %s, signed, has the order looked at at once", async (provider, body) => {
    const jobId = await runningJob(provider);
    useProvider(provider);
    const response = await post(provider, body, signed(body));
    expect(response.status).toBe(200);
    expect(await stepOf(jobId)).toBe(4);
  });

  it.each([
    ["without a signature", () => ({})],
    ["with another key", () => signed(openaiBody, { secret: `whsec_${btoa("another key of 24 bytes.")}` })],
    ["over another body", () => signed("{}")],
    ["of ten minutes ago", () => signed(openaiBody, { at: new Date(Date.now() - 600_000) })],
    ["of the future", () => signed(openaiBody, { at: new Date(Date.now() + 600_000) })],
  ])("%s is refused and changes nothing", async (_what, headers) => {
    const jobId = await runningJob("openai");
    const response = await post("openai", openaiBody, headers());
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ code: "unsigned" });
    expect(await stepOf(jobId)).toBe(3);
  });

  it("of a provider that is not set up, or that nobody knows, is refused", async () => {
    expect((await post("replicate", openaiBody, signed(openaiBody))).status).toBe(401);
    expect((await post("somebody", openaiBody, signed(openaiBody))).status).toBe(401);
    expect((await post("", openaiBody, signed(openaiBody))).status).toBe(401);
  });

  it("about an order that nobody knows, or that has ended, is taken and changes nothing", async () => {
    const jobId = await runningJob("openai");
    const unknown = JSON.stringify({ data: { id: "order-2" } });
    expect((await post("openai", unknown, signed(unknown))).status).toBe(200);
    await ada.mutation(api.media.cancel, { jobId });
    const step = await stepOf(jobId);
    expect((await post("openai", openaiBody, signed(openaiBody))).status).toBe(200);
    expect(await stepOf(jobId)).toBe(step);
  });

  it("that names no order, is no JSON or is too large is refused", async () => {
    for (const body of ["{}", "null", "[]", '"x"', "not json"]) {
      expect((await post("openai", body, signed(body))).status).toBe(401);
    }
    const large = JSON.stringify({ data: { id: REQUEST_ID }, padding: "x".repeat(300_000) });
    expect((await post("openai", large, signed(large))).status).toBe(413);
  });
});

describe("fal's webhook", () => {
  const body = JSON.stringify({ request_id: REQUEST_ID, status: "OK", payload: {} });
  let keys: CryptoKeyPair;

  beforeEach(async () => {
    useProvider("fal");
    keys = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
    const { x } = await crypto.subtle.exportKey("jwk", keys.publicKey);
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      expect(String(input)).toMatch(/^https:\/\/[a-z.]*fal\.ai\/\.well-known\/jwks\.json$/);
      return Response.json({ keys: [{ kty: "OKP", crv: "Ed25519", x }] });
    });
    return () => vi.restoreAllMocks();
  });

  async function falHeaders({ of = body, atMs = Date.now() } = {}): Promise<Record<string, string>> {
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(of))).toString("hex");
    const timestamp = String(Math.floor(atMs / 1000));
    const text = Buffer.from([REQUEST_ID, "user-1", timestamp, digest].join("\n"));
    const signature = Buffer.from(await crypto.subtle.sign("Ed25519", keys.privateKey, text)).toString("hex");
    return {
      "x-fal-webhook-request-id": REQUEST_ID,
      "x-fal-webhook-user-id": "user-1",
      "x-fal-webhook-timestamp": timestamp,
      "x-fal-webhook-signature": signature,
    };
  }

  it("signed with one of its published keys has the order looked at", async () => {
    const jobId = await runningJob("fal");
    expect((await post("fal", body, await falHeaders())).status).toBe(200);
    expect(await stepOf(jobId)).toBe(4);
  });

  it("over another body, of another hour, or with half a signature is refused", async () => {
    const jobId = await runningJob("fal");
    const headers = await falHeaders();
    const forged = [
      await falHeaders({ of: "{}" }),
      await falHeaders({ atMs: Date.now() - 3_600_000 }),
      { ...headers, "x-fal-webhook-signature": headers["x-fal-webhook-signature"]?.slice(0, 64) ?? "" },
      { ...headers, "x-fal-webhook-timestamp": "soon" },
      {},
    ];
    for (const each of forged) expect((await post("fal", body, each)).status).toBe(401);
    expect(await stepOf(jobId)).toBe(3);
  });
});
