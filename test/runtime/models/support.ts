/** A running model stand-in, and a reader of its server-sent events. */
import { onTestFinished } from "vitest";
import { startModels } from "../../../src/runtime/models/server.ts";

export const API_KEY = "sk-standin-test";
const ADMIN_KEY = "noruxa|feed";
export const WEBHOOK_SECRET = `whsec_${btoa("twenty-four bytes, or so")}`;

export async function startTestModels() {
  const { url, close, deliverWebhooksTo } = await startModels({
    host: "127.0.0.1",
    port: 0,
    apiKey: API_KEY,
    adminKey: ADMIN_KEY,
    webhookSecret: WEBHOOK_SECRET,
  });
  onTestFinished(close);
  const json = { "content-type": "application/json" };
  return {
    url,
    deliverWebhooksTo,
    complete: (body: object, init: RequestInit = {}) =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { ...json, authorization: `Bearer ${API_KEY}` },
        body: JSON.stringify({ model: "standin-swift", messages: [{ role: "user", content: "Hello there" }], ...body }),
        ...init,
      }),
    /** Asks for anything below `/v1`, with the key. */
    ask: (method: string, path: string, body?: object) =>
      fetch(`${url}/v1${path}`, {
        method,
        headers: { ...json, authorization: `Bearer ${API_KEY}` },
        body: body && JSON.stringify(body),
      }),
    control: async (body?: object) => {
      const init = body && { method: "POST", body: JSON.stringify(body) };
      const response = await fetch(`${url}/_control`, {
        ...init,
        headers: { ...json, authorization: `Convex ${ADMIN_KEY}` },
      });
      return { status: response.status, body: await response.json() };
    },
  };
}

/** The data of each event, in order; the last is "[DONE]" when the stream was whole. */
export async function eventsOf(response: Response): Promise<string[]> {
  const text = await response.text();
  return [...text.matchAll(/^data: (.*)$/gm)].map((match) => match[1]!);
}

/** The text the events' deltas add up to. */
export function textOf(events: string[], field: "content" | "reasoning_content" = "content"): string {
  const chunks = events.filter((event) => event !== "[DONE]").map((event) => JSON.parse(event));
  return chunks.map((chunk) => chunk.choices[0]?.delta[field] ?? "").join("");
}
