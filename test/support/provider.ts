import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { vi } from "vitest";

/** Answers one request for a chat completion. */
export type Answer = (
  request: { model: string; messages: unknown[] },
  response: ServerResponse,
) => void | Promise<void>;

/** An OpenAI-compatible endpoint on loopback that answers as a test tells it to; sets `CHAT_BASE_URL`. */
export async function startProvider(answer: Answer) {
  const requests: { model: string; messages: { role: string; content: string }[] }[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await readBody(request));
    requests.push(body);
    await answer(body, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv("CHAT_BASE_URL", `http://127.0.0.1:${port}/v1`);
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { requests, close, [Symbol.asyncDispose]: close };
}

/** Streams the texts as chunks and ends as a provider does, with usage. */
export function says(...texts: string[]): Answer {
  return (_request, response) => {
    beginStream(response);
    for (const text of texts) writeChunk(response, text);
    endStream(response);
  };
}

export function beginStream(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
}

export function writeChunk(response: ServerResponse, content: string): void {
  writeEvent(response, { choices: [{ index: 0, delta: { content }, finish_reason: null }] });
}

export function endStream(response: ServerResponse): void {
  writeEvent(response, { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
  writeEvent(response, { choices: [], usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } });
  response.end("data: [DONE]\n\n");
}

function writeEvent(response: ServerResponse, event: object): void {
  response.write(`data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", model: "m", ...event })}\n\n`);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
