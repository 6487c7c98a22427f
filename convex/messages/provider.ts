import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  type FilePart,
  InvalidResponseDataError,
  JSONParseError,
  type ModelMessage,
  streamText,
  type TextPart,
  TypeValidationError,
} from "ai";
import type { ReadFile } from "../media/reading.ts";
import type { ContextTurn } from "./context.ts";
import { type Part, ProviderError } from "./relay.ts";

/** A message as a model sees it. */
export interface ModelTurn extends Pick<ContextTurn, "role" | "text"> {
  files: ReadFile[];
}

/** What is asked of a model. */
export interface Ask {
  model: { id: string; outputTokens: number };
  turns: ModelTurn[];
  signal: AbortSignal;
}

/**
 * Streams a model's answer from the OpenAI-compatible endpoint at `CHAT_BASE_URL`, with the key `CHAT_API_KEY`. Throws
 * `ProviderError`. Nothing is retried here: a person sees the failure at once and decides.
 */
export async function* askModel({ model, turns, signal }: Ask): AsyncGenerator<Part> {
  const baseURL = process.env.CHAT_BASE_URL;
  if (!baseURL) throw new ProviderError("provider_unavailable", "CHAT_BASE_URL is not set");
  const provider = createOpenAICompatible({
    name: "chat",
    baseURL,
    apiKey: process.env.CHAT_API_KEY,
    includeUsage: true,
  });
  const { stream } = streamText({
    model: provider.chatModel(model.id),
    messages: turns.map(toMessage),
    maxOutputTokens: model.outputTokens,
    maxRetries: 0,
    abortSignal: signal,
    onError: () => {
      // Errors come as parts of the stream too, where they are handled.
    },
  });
  for await (const part of stream) {
    if (part.type === "error") throw providerError(part.error);
    if (part.type === "abort") return;
    if (part.type === "text-delta") yield { kind: "text", text: part.text };
    else if (part.type === "finish") yield* readFinish(part);
    else yield { kind: "alive" };
  }
}

/** What people say may come with files; what models said is text. */
function toMessage({ role, text, files }: ModelTurn): ModelMessage {
  if (role === "assistant" || files.length === 0) return { role, content: text };
  return { role, content: [...files.map(toPart), { type: "text", text }] };
}

function toPart(file: ReadFile): TextPart | FilePart {
  if (file.kind === "picture") return { type: "file", data: file.bytes, mediaType: file.mime };
  return { type: "text", text: `File "${file.name ?? "unnamed"}":\n\n${file.text}` };
}

interface Finish {
  totalUsage: {
    inputTokens: number | undefined;
    outputTokens: number | undefined;
    outputTokenDetails?: { reasoningTokens: number | undefined };
  };
}

/** The usage, where the provider counted it. */
function* readFinish({ totalUsage }: Finish): Generator<Part> {
  const { inputTokens, outputTokens } = totalUsage;
  const reasoningTokens = totalUsage.outputTokenDetails?.reasoningTokens || undefined;
  if (inputTokens !== undefined && outputTokens !== undefined) {
    yield { kind: "usage", counted: { inputTokens, outputTokens, reasoningTokens } };
  }
}

function providerError(error: unknown): ProviderError {
  // What the SDK reports of a stream that ended without saying why.
  if (InvalidResponseDataError.isInstance(error)) return new ProviderError("provider_cut", nameOf(error));
  const unreadable = [TypeValidationError, JSONParseError];
  if (unreadable.some((kind) => kind.isInstance(error))) return new ProviderError("provider_invalid", nameOf(error));
  const status = APICallError.isInstance(error) ? error.statusCode : undefined;
  const code = status === 429 ? "provider_busy" : "provider_unavailable";
  return new ProviderError(code, `${nameOf(error)}, status ${status ?? "none"}`);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
