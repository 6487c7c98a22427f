import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { codeOf } from "../../convex/media/providers/asking.ts";
import { falMedia } from "../../convex/media/providers/fal.ts";
import { openaiMedia } from "../../convex/media/providers/openai.ts";
import type { Order } from "../../convex/media/providers/orders.ts";
import { replicateMedia } from "../../convex/media/providers/replicate.ts";
import type { MediaProviderSettings } from "../../convex/models/mediaCatalogue.ts";

interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** What the provider answers, by method and path: a status and a body. */
let answers: Record<string, [number, unknown]>;
let received: Received[];
let baseUrl: string;
let close: () => Promise<void>;

beforeEach(async () => {
  answers = {};
  received = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { method = "", url: path = "", headers } = request;
    received.push({ method, path, headers, body: text && JSON.parse(text) });
    const [status, body] = answers[`${method} ${path.split("?")[0]}`] ?? [404, { error: "nothing here" }];
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await close();
});

function settings(provider: MediaProviderSettings["provider"]): MediaProviderSettings {
  return { provider, baseUrl, apiKey: "the-key", webhookSecret: null, models: [] };
}

const picture: Order = {
  kind: "image",
  model: "painter/one",
  prompt: "a heron at dawn",
  options: { aspectRatio: "16:9", seed: 7 },
  name: "record.1",
  webhookUrl: "https://home.example/webhooks/media/x",
};
const video: Order = { ...picture, kind: "video", model: "director/one", options: { seconds: 5, aspectRatio: "16:9" } };

describe("fal", () => {
  const queued = () => ({
    request_id: "r1",
    status_url: `${baseUrl}/painter/one/requests/r1/status`,
    response_url: `${baseUrl}/painter/one/requests/r1`,
    cancel_url: `${baseUrl}/painter/one/requests/r1/cancel`,
  });
  const operation = () => ({
    id: "r1",
    statusUrl: queued().status_url,
    responseUrl: queued().response_url,
    cancelUrl: queued().cancel_url,
  });

  it("takes pictures and videos into its queue, keeps nothing of them, and gives an id at once", async () => {
    answers["POST /painter/one"] = [200, queued()];
    answers["POST /fal-ai/director/one"] = [200, queued()];
    const placed = await falMedia(settings("fal")).place(picture);
    expect(placed).toEqual({ kind: "queued", requestId: "r1", operation: operation() });
    await falMedia(settings("fal")).place(video);
    const [first, second] = received;
    expect(first?.body).toMatchObject({ prompt: "a heron at dawn", image_size: "landscape_16_9", seed: 7 });
    expect(second?.body).toMatchObject({ prompt: "a heron at dawn", duration: "5s", aspect_ratio: "16:9" });
    for (const request of received) {
      expect(new URL(request.path, baseUrl).searchParams.get("fal_webhook")).toBe(picture.webhookUrl);
      expect(request.headers).toMatchObject({ authorization: "Key the-key", "x-fal-store-io": "0" });
      expect(request.headers["x-fal-object-lifecycle-preference"]).toBe('{"expiration_duration_seconds":3600}');
    }
  });

  it.each([
    ["in its queue", { status: "IN_QUEUE" }],
    ["at work", { status: "IN_PROGRESS" }],
  ])("says that an order is pending while it is %s", async (_what, state) => {
    answers["GET /painter/one/requests/r1/status"] = [200, state];
    expect(await falMedia(settings("fal")).look(operation())).toEqual({ kind: "pending", progress: null });
  });

  it.each([
    ["images", { images: [{ url: "https://cdn.example/1.png" }] }],
    ["an image", { image: { url: "https://cdn.example/1.png" } }],
    ["a video", { video: { url: "https://cdn.example/1.png" } }],
  ])("gives the address of %s that were made, without our key", async (_what, result) => {
    answers["GET /painter/one/requests/r1/status"] = [200, { status: "COMPLETED" }];
    answers["GET /painter/one/requests/r1"] = [200, result];
    const source = { kind: "url", url: "https://cdn.example/1.png", headers: {} };
    expect(await falMedia(settings("fal")).look(operation())).toEqual({ kind: "ready", source });
  });

  it.each([
    [200, { images: [{ url: "https://x/1.png" }], has_nsfw_concepts: [true] }, "provider_refused"],
    [422, { detail: [{ type: "content_policy_violation", loc: [], msg: "no" }] }, "provider_refused"],
    [422, { detail: [{ type: "value_error", loc: [], msg: "no" }] }, "provider_failed"],
    [200, { images: [] }, "provider_invalid"],
  ])("tells a failure, which it shows only in place of the result (%i)", async (status, result, error) => {
    answers["GET /painter/one/requests/r1/status"] = [200, { status: "COMPLETED" }];
    answers["GET /painter/one/requests/r1"] = [status, result];
    expect(await falMedia(settings("fal")).look(operation())).toEqual({ kind: "failed", error });
  });

  it("in trouble says nothing about the order", async () => {
    answers["GET /painter/one/requests/r1/status"] = [200, { status: "COMPLETED" }];
    answers["GET /painter/one/requests/r1"] = [503, { detail: "busy" }];
    await expect(falMedia(settings("fal")).look(operation())).rejects.toMatchObject({ code: "provider_unavailable" });
  });

  it("ends an order, and passes over one that has ended", async () => {
    answers["PUT /painter/one/requests/r1/cancel"] = [202, { status: "CANCELLATION_REQUESTED" }];
    await falMedia(settings("fal")).cancel(operation());
    answers["PUT /painter/one/requests/r1/cancel"] = [400, { status: "ALREADY_COMPLETED" }];
    await falMedia(settings("fal")).cancel(operation());
    expect(received.map(({ method }) => method)).toEqual(["PUT", "PUT"]);
  });

  it("is asked to delete what it holds", async () => {
    const asked = vi.spyOn(globalThis, "fetch").mockResolvedValue(Response.json({ cdn_delete_results: [] }));
    await falMedia(settings("fal")).forget(operation());
    const [url, init] = asked.mock.calls[0] ?? [];
    expect(String(url)).toBe("https://api.fal.ai/v1/models/requests/r1/payloads");
    expect(init).toMatchObject({ method: "DELETE", headers: { Authorization: "Key the-key" } });
  });

  it("that names an address of somebody else gets no key of ours there", async () => {
    const elsewhere = { ...operation(), statusUrl: "https://elsewhere.example/status" };
    const asked = vi.spyOn(globalThis, "fetch");
    await expect(falMedia(settings("fal")).look(elsewhere)).rejects.toMatchObject({ code: "provider_invalid" });
    expect(asked).not.toHaveBeenCalled();
  });
});

describe("Replicate", () => {
  const prediction = (more: object = {}) => ({
    id: "p1",
    status: "starting",
    urls: { get: `${baseUrl}/predictions/p1`, cancel: `${baseUrl}/predictions/p1/cancel` },
    ...more,
  });
  const operation = () => ({ getUrl: prediction().urls.get, cancelUrl: prediction().urls.cancel });

  it("takes pictures and videos without anybody waiting, and is told where to say that they are done", async () => {
    answers["POST /models/painter/one/predictions"] = [201, prediction()];
    answers["POST /models/director/one/predictions"] = [201, prediction()];
    const placed = await replicateMedia(settings("replicate")).place(picture);
    expect(placed).toEqual({ kind: "queued", requestId: "p1", operation: operation() });
    await replicateMedia(settings("replicate")).place(video);
    const [first, second] = received;
    const told = { webhook: picture.webhookUrl, webhook_events_filter: ["completed"] };
    expect(first?.body).toMatchObject({ input: { prompt: "a heron at dawn", aspect_ratio: "16:9", seed: 7 }, ...told });
    expect(second?.body).toMatchObject({ input: { prompt: "a heron at dawn", duration: 5 }, ...told });
    for (const { headers } of received) {
      expect(headers["prefer"]).toBeUndefined();
      expect(headers["authorization"]).toBe("Bearer the-key");
    }
  });

  it.each([
    [{ status: "processing" }, { kind: "pending", progress: null }],
    [
      { status: "failed", error: "NSFW content detected" },
      { kind: "failed", error: "provider_refused" },
    ],
    [
      { status: "failed", error: "out of memory" },
      { kind: "failed", error: "provider_failed" },
    ],
    [{ status: "canceled" }, { kind: "failed", error: "provider_failed" }],
    [
      { status: "succeeded", output: null },
      { kind: "failed", error: "provider_invalid" },
    ],
    [
      { status: "succeeded", output: ["https://cdn.example/1.png"] },
      { kind: "ready", source: { kind: "url", url: "https://cdn.example/1.png", headers: {} } },
    ],
    [
      { status: "succeeded", output: "https://cdn.example/1.mp4" },
      { kind: "ready", source: { kind: "url", url: "https://cdn.example/1.mp4", headers: {} } },
    ],
  ])("that answers %j is understood", async (state, standing) => {
    answers["GET /predictions/p1"] = [200, prediction(state)];
    expect(await replicateMedia(settings("replicate")).look(operation())).toEqual(standing);
  });

  it("ends a prediction, and passes over one that is gone", async () => {
    answers["POST /predictions/p1/cancel"] = [200, prediction({ status: "canceled" })];
    await replicateMedia(settings("replicate")).cancel(operation());
    delete answers["POST /predictions/p1/cancel"];
    await replicateMedia(settings("replicate")).cancel(operation());
    expect(received).toHaveLength(2);
  });
});

describe("an OpenAI-compatible endpoint", () => {
  it("answers with the picture, or with its address", async () => {
    answers["POST /images/generations"] = [200, { data: [{ b64_json: Buffer.from("png").toString("base64") }] }];
    const made = await openaiMedia(settings("openai")).place(picture);
    expect(made).toEqual({ kind: "made", source: { kind: "bytes", bytes: new Uint8Array(Buffer.from("png")) } });
    answers["POST /images/generations"] = [200, { data: [{ url: "https://cdn.example/1.png" }] }];
    const elsewhere = await openaiMedia(settings("openai")).place(picture);
    expect(elsewhere).toEqual({ kind: "made", source: { kind: "url", url: "https://cdn.example/1.png", headers: {} } });
    const [{ body, headers }] = received as [Received];
    expect(body).toMatchObject({ model: "painter/one", prompt: "a heron at dawn", size: "1536x1024", n: 1 });
    expect(body).toMatchObject({ seed: 7 });
    expect(headers).toMatchObject({ authorization: "Bearer the-key", "idempotency-key": "record.1" });
  });

  it.each([
    [500, {}, "provider_unavailable"],
    [401, {}, "provider_unavailable"],
    [429, {}, "provider_busy"],
    [400, { error: { code: "content_policy_violation", message: "no" } }, "provider_refused"],
    [400, { error: { code: "invalid_size", message: "no" } }, "provider_failed"],
    [200, "<html>", "provider_invalid"],
    [200, { data: [] }, "provider_invalid"],
    [200, { data: [{}] }, "provider_invalid"],
  ])("that answers %i with %j ends the order, which is not placed again", async (status, body, code) => {
    answers["POST /images/generations"] = [status, body];
    await expect(openaiMedia(settings("openai")).place(picture)).rejects.toMatchObject({ code });
    expect(received).toHaveLength(1);
  });

  it("that cannot be reached is unavailable", async () => {
    await close();
    const placing = openaiMedia(settings("openai")).place(picture);
    await expect(placing).rejects.toMatchObject({ code: "provider_unavailable" });
  });

  it("never repeats a prompt in its errors", async () => {
    answers["POST /images/generations"] = [400, { error: { message: "Cannot draw: a heron at dawn" } }];
    const error = await openaiMedia(settings("openai"))
      .place(picture)
      .catch((thrown: Error) => thrown);
    expect(`${(error as Error).message} ${(error as Error).stack}`).not.toContain("heron");
  });
});

describe("a provider's status", () => {
  it.each([
    [402, "provider_unavailable"],
    [404, "provider_unavailable"],
    [408, "provider_unavailable"],
    [422, "provider_failed"],
    [502, "provider_unavailable"],
  ])("%i is told as %s", (status, code) => {
    expect(codeOf(status, "")).toBe(code);
  });
});
