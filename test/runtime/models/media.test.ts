import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import sharp from "sharp";
import { Webhook } from "standardwebhooks";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { svgOf } from "../../../src/runtime/models/drawing.ts";
import { startTestModels, WEBHOOK_SECRET } from "./support.ts";

type Models = Awaited<ReturnType<typeof startTestModels>>;

interface Video {
  id: string;
  status: string;
  progress: number;
  error: { code: string } | null;
}

const picture = (models: Models, body: object = {}) =>
  models.ask("POST", "/images/generations", { model: "standin-sketch", prompt: "a heron at dawn", ...body });

async function bytesOf(response: Response): Promise<Buffer> {
  const { data } = (await response.json()) as { data: { b64_json: string }[] };
  return Buffer.from(data[0]?.b64_json ?? "", "base64");
}

async function orderVideo(models: Models, body: object = {}): Promise<Video> {
  const order = { model: "standin-reel", prompt: "a paper boat", seconds: "1", ...body };
  return (await models.ask("POST", "/videos", order)).json() as Promise<Video>;
}

async function ended(models: Models, id: string): Promise<Video> {
  return vi.waitFor(
    async () => {
      const video = (await (await models.ask("GET", `/videos/${id}`)).json()) as Video;
      if (video.status === "in_progress") throw new Error("The video is not ready");
      return video;
    },
    { timeout: 10_000, interval: 50 },
  );
}

describe("pictures of the stand-in", () => {
  test("are PNGs of the size that was asked for, the same for the same words and seed", async () => {
    const models = await startTestModels();
    await models.control({ workMs: 0 });
    const first = await bytesOf(await picture(models, { size: "512x512", seed: 3 }));
    expect(await sharp(first).metadata()).toMatchObject({ format: "png", width: 512, height: 512 });
    expect(await bytesOf(await picture(models, { size: "512x512", seed: 3 }))).toEqual(first);
    expect(await bytesOf(await picture(models, { size: "512x512", seed: 4 }))).not.toEqual(first);
    expect(await bytesOf(await picture(models, { size: "512x512", seed: 3, prompt: "a crane" }))).not.toEqual(first);
  });

  test("show the words of the prompt, whatever is in them", () => {
    const canvas = { width: 512, height: 512 };
    expect(svgOf({ prompt: "a heron at dawn", seed: 1 }, canvas)).toContain(">a heron at dawn<");
    const hostile = svgOf({ prompt: '</text><script>&"\u0000\ud800', seed: 1 }, canvas);
    expect(hostile).toContain("&lt;/text&gt;&lt;script&gt;&amp;");
    expect(hostile).not.toContain("<script>");
  });

  test.each([
    [{ prompt: "" }, 400],
    [{ size: "1x1" }, 400],
    [{ model: "nobody" }, 400],
    [{ n: 5 }, 400],
  ])("are refused for %j", async (body, status) => {
    expect((await picture(await startTestModels(), body)).status).toBe(status);
  });

  test("fail, are refused, or are something else, as POST /_control asks", async () => {
    const models = await startTestModels();
    const planned = async (plan: object) => {
      await models.control({ workMs: 0, times: 1, ...plan });
      return picture(models);
    };
    const busy = await planned({ failStatus: 429, retryAfterSeconds: 9 });
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([429, "9"]);
    expect((await planned({ refuse: true })).status).toBe(400);
    expect((await bytesOf(await planned({ html: true }))).toString()).toContain("<!doctype html>");
    expect((await bytesOf(await planned({ resultBytes: 3_000_000 }))).length).toBe(3_000_000);
    const elsewhere = await planned({ resultUrl: "https://cdn.example/1.png" });
    expect(await elsewhere.json()).toMatchObject({ data: [{ url: "https://cdn.example/1.png" }] });
  });
});

describe("videos of the stand-in", () => {
  test("go through a queue that shows progress, and end as an MP4 until they are deleted", async () => {
    const models = await startTestModels();
    await models.control({ workMs: 400 });
    const { id, status } = await orderVideo(models);
    expect(status).toBe("in_progress");
    expect((await models.ask("GET", `/videos/${id}/content`)).status).toBe(404);
    expect(await ended(models, id)).toMatchObject({ status: "completed", progress: 100, error: null });
    const content = await models.ask("GET", `/videos/${id}/content`);
    expect(content.headers.get("content-type")).toBe("video/mp4");
    expect(Buffer.from(await content.arrayBuffer()).toString("latin1", 4, 12)).toBe("ftypmp42");
    expect(await (await models.ask("DELETE", `/videos/${id}`)).json()).toMatchObject({ deleted: true });
    expect((await models.ask("GET", `/videos/${id}`)).status).toBe(404);
  });

  test("that are deleted on the way are worked on no more", async () => {
    const models = await startTestModels();
    await models.control({ workMs: 60_000 });
    const { id } = await orderVideo(models);
    await models.ask("DELETE", `/videos/${id}`);
    await vi.waitFor(async () => {
      expect((await models.control()).body.requests).toMatchObject([{ ending: "aborted" }]);
    });
  });

  test.each([
    [{ fail: true }, "video_generation_failed"],
    [{ fail: true, refuse: true }, "moderation_blocked"],
  ])("fail as %j asks", async (plan, code) => {
    const models = await startTestModels();
    await models.control({ workMs: 0, ...plan });
    const { id } = await orderVideo(models);
    expect(await ended(models, id)).toMatchObject({ status: "failed", error: { code } });
  });

  test("tell their end in a signed webhook; a forged one is signed by somebody else", async () => {
    const models = await startTestModels();
    const { endpoint, messages } = await listen();
    models.deliverWebhooksTo(endpoint);
    for (const webhooks of [undefined, "forged", "none"]) {
      await models.control({ workMs: 0, webhooks, times: 1 });
      await ended(models, (await orderVideo(models)).id);
    }
    await vi.waitFor(() => expect(messages).toHaveLength(2));
    const [genuine, forged] = messages.map(({ body, headers }) => {
      const verify = () => new Webhook(WEBHOOK_SECRET).verify(body, headers);
      return verify;
    });
    expect(genuine?.()).toMatchObject({ type: "video.completed", data: { id: expect.stringMatching(/^video_/) } });
    expect(forged).toThrow("No matching signature found");
  });

  async function listen() {
    const messages: { body: string; headers: Record<string, string> }[] = [];
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      messages.push({ body, headers: request.headers as Record<string, string> });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, messages };
  }
});
