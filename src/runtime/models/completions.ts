/** `POST /v1/chat/completions`, in the format of OpenAI's API reference, whole or as server-sent events. */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Pace, Plan } from "./plans.ts";
import type { Chunk, Reply, Turn } from "./reply.ts";
import { type Ending, type LoggedRequest, preciseNowMs } from "./requestLog.ts";

const content = z.union([
  z.string(),
  z.null(),
  z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
]);

/** The parts of a request the stand-in acts on; the rest is accepted and ignored. */
export const completionBody = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: content.optional() })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  max_completion_tokens: z.number().int().min(1).nullish(),
});

export type CompletionRequest = z.infer<typeof completionBody>;

export function turnsOf({ messages }: CompletionRequest): Turn[] {
  return messages.map(({ role, content: parts }) => ({
    role,
    text: typeof parts === "string" ? parts : (parts ?? []).map((part) => part.text ?? "").join("\n"),
  }));
}

/** Everything one answer needs. */
export interface Answer {
  request: CompletionRequest;
  reply: Reply;
  plan: Plan;
  pace: Pace;
  logged: LoggedRequest;
}

/** What the plan wants to go wrong, and after how many chunks. */
type Trouble = { kind: "cut" | "garbage" | "hang"; afterChunks: number };

const NO_JSON = '{"choices":[{"delta":{"content": oops\u0000';

/** Sends an answer on Node's response, chunk by chunk or whole, and logs how it ended. */
export async function sendAnswer(response: ServerResponse, answer: Answer): Promise<void> {
  const { request, reply, plan, pace, logged } = answer;
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const trouble = troubleOf(plan);
  const chunks = trouble ? reply.chunks.slice(0, trouble.afterChunks) : reply.chunks;
  const send = request.stream ? streamWriter(response, answer) : null;
  send?.open();
  try {
    for await (const chunk of paced(chunks, pace, gone.signal)) {
      send?.chunk(chunk);
      logged.chunkTimesMs.push(preciseNowMs());
    }
    if (trouble?.kind === "hang") await waitForAbort(gone.signal);
    else if (trouble?.kind === "cut") await cutOff(response);
    else if (trouble?.kind === "garbage") garble(response, request.stream === true);
    else if (send) send.end();
    else response.writeHead(200, JSON_HEADERS).end(JSON.stringify(completionJson(answer)));
    logEnding(logged, trouble?.kind ?? "complete");
  } catch (error) {
    if (!gone.signal.aborted) throw error;
    logEnding(logged, "aborted");
  }
}

const JSON_HEADERS = { "content-type": "application/json" };

function troubleOf(plan: Plan): Trouble | null {
  if (plan.cutAfterChunks !== undefined) return { kind: "cut", afterChunks: plan.cutAfterChunks };
  if (plan.garbageAfterChunks !== undefined) return { kind: "garbage", afterChunks: plan.garbageAfterChunks };
  if (plan.hangAfterChunks !== undefined) return { kind: "hang", afterChunks: plan.hangAfterChunks };
  return null;
}

/** Yields each chunk at its time, counted from the start; throws when the client has gone. */
async function* paced(chunks: readonly Chunk[], pace: Pace, gone: AbortSignal): AsyncGenerator<Chunk> {
  const startMs = preciseNowMs();
  for (const [index, chunk] of chunks.entries()) {
    const dueMs = startMs + pace.firstTokenMs + index * pace.intervalMs;
    await sleep(Math.max(0, dueMs - preciseNowMs()), undefined, { signal: gone });
    yield chunk;
  }
}

/** Drops the connection once what was written has left; a reset at once would throw that away. */
async function cutOff(response: ServerResponse): Promise<void> {
  if (response.headersSent) await new Promise((resolve) => response.write("", resolve));
  response.socket?.destroySoon();
}

function garble(response: ServerResponse, stream: boolean): void {
  if (!response.headersSent) response.writeHead(200, JSON_HEADERS);
  response.end(stream ? `data: ${NO_JSON}\n\n` : NO_JSON);
}

function waitForAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Notes how a request ended. */
export function logEnding(logged: LoggedRequest, ending: Ending): void {
  logged.ending = ending;
  logged.endedAtMs = preciseNowMs();
}

function streamWriter(response: ServerResponse, { request, reply, logged }: Answer) {
  const event = (data: unknown) => response.write(`data: ${JSON.stringify(data)}\n\n`);
  const base = envelope(logged, "chat.completion.chunk");
  const choice = (delta: object, finishReason: string | null = null) =>
    event({ ...base, choices: [{ index: 0, delta, finish_reason: finishReason }] });
  return {
    open(): void {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      choice({ role: "assistant", content: "" });
    },
    chunk(chunk: Chunk): void {
      choice(chunk.kind === "text" ? { content: chunk.text } : { reasoning_content: chunk.text });
    },
    end(): void {
      choice({}, reply.finishReason);
      if (request.stream_options?.include_usage) event({ ...base, choices: [], usage: usageJson(reply) });
      response.end("data: [DONE]\n\n");
    },
  };
}

function completionJson({ reply, logged }: Answer) {
  const join = (kind: Chunk["kind"]) =>
    reply.chunks.flatMap((each) => (each.kind === kind ? [each.text] : [])).join("");
  const reasoning = join("reasoning");
  const message = { role: "assistant", content: join("text"), ...(reasoning && { reasoning_content: reasoning }) };
  return {
    ...envelope(logged, "chat.completion"),
    choices: [{ index: 0, message, finish_reason: reply.finishReason }],
    usage: usageJson(reply),
  };
}

function envelope(logged: LoggedRequest, object: string) {
  return { id: logged.id, object, created: Math.floor(logged.receivedAtMs / 1000), model: logged.model };
}

function usageJson(reply: Reply) {
  return {
    prompt_tokens: reply.promptTokens,
    completion_tokens: reply.completionTokens,
    total_tokens: reply.promptTokens + reply.completionTokens,
    completion_tokens_details: { reasoning_tokens: reply.reasoningTokens },
  };
}
