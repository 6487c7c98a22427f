"use node";

import type { z } from "zod";
import type { MediaJobErrorCode } from "../../../src/shared/media.ts";
import { OrderError } from "./orders.ts";

/** Until a provider has answered, unless it makes things while one waits. */
const ANSWER_MS = 20_000;
/** Longest answer in JSON, but for the picture that one may carry. */
export const ANSWER_BYTES = 1024 * 1024;
/** How providers say that they will not make something. */
const REFUSAL = /content[ _-]?(policy|filter)|moderation|safety|nsfw|sensitive/i;

export interface Asked {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  headers?: Record<string, string>;
  body?: BodyInit | null;
  /** The only origin that is asked: credentials go nowhere else, whatever addresses a provider hands out. */
  origin: string;
  answerMs?: number;
}

/** Asks a provider and gives its JSON; null for an empty answer. Throws `OrderError`. */
export function ask(url: string, asked: Asked): Promise<unknown> {
  return askFor(url, asked, async (body) => {
    const text = await readText(body);
    return text === "" ? null : JSON.parse(text);
  });
}

/** Asks a provider for what is read in another way. Throws `OrderError`, also for a `SyntaxError` of the reader's. */
export async function askFor<Answer>(
  url: string,
  { origin, answerMs = ANSWER_MS, ...init }: Asked,
  read: (body: AsyncIterable<Uint8Array>) => Promise<Answer>,
): Promise<Answer> {
  if (originOf(url) !== new URL(origin).origin) throw new OrderError("provider_invalid", "an address of somebody else");
  try {
    const response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(answerMs) });
    const body = response.body ?? new Blob().stream();
    if (response.ok) return await read(body);
    throw new OrderError(codeOf(response.status, await readText(body)), `status ${response.status}`, response.status);
  } catch (error) {
    if (error instanceof OrderError) throw error;
    if (error instanceof SyntaxError) throw new OrderError("provider_invalid", "no JSON");
    throw new OrderError("provider_unavailable", error instanceof Error ? error.name : "no answer");
  }
}

/** What a person is told where a provider answers with an error. Pure. */
export function codeOf(status: number, body: string): MediaJobErrorCode {
  if (status === 429) return "provider_busy";
  if (status >= 500 || [401, 402, 403, 404, 408].includes(status)) return "provider_unavailable";
  return REFUSAL.test(body) ? "provider_refused" : "provider_failed";
}

/** An answer in the shape it should have. Throws `OrderError` for another one. */
export function readAnswer<Shape>(shape: z.ZodType<Shape>, answer: unknown): Shape {
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new OrderError("provider_invalid", "an answer of another shape");
}

/** Passes over the error of ending or deleting an order that has ended or is gone: that is what was wanted. */
export function unlessGone(error: unknown): void {
  if (!(error instanceof OrderError) || !error.isGone) throw error;
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > ANSWER_BYTES) throw new OrderError("provider_invalid", "a very long answer");
  }
  return text + decoder.decode();
}

/*
 * [Note: Orders written by the SDK]
 * The AI SDK knows how each model wants to be asked, but its picture models wait until the picture is there, and none of
 * its models tells the provider's id of an order before that. So the SDK is given a `fetch` that takes the request it
 * would send, sends it to where orders queue, keeps the answer, and ends the SDK's work by throwing. What the provider
 * answers from then on is read here: an id to be stored, a state, progress, an address of the result.
 */

/** A request as the SDK would send it. */
export interface Request {
  url: URL;
  headers: Record<string, string>;
  body: string;
}

class Taken extends Error {}

/** The answer to an order that the SDK writes and `send` sends. See [Note: Orders written by the SDK]. */
export async function sendOrder<Answer>(
  write: (fetch: typeof globalThis.fetch) => Promise<unknown>,
  send: (request: Request) => Promise<Answer>,
): Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  const take: typeof globalThis.fetch = (input, init) => {
    answer ??= send(readRequest(input, init));
    // Whoever awaits the answer below hears of its failure.
    answer.catch(() => undefined);
    return Promise.reject(new Taken());
  };
  const problem = await write(take).catch((error: unknown) => error);
  if (!answer) throw new OrderError("provider_failed", problem instanceof Error ? problem.name : "nothing was sent");
  return answer;
}

function readRequest(input: RequestInfo | URL, init: RequestInit | undefined): Request {
  const headers = Object.fromEntries(new Headers(init?.headers).entries());
  return { url: new URL(String(input)), headers, body: String(init?.body) };
}
