/**
 * Messages of Convex's WebSocket protocol, one JSON object per text frame. Field names and meanings are those
 * of `convex/src/browser/sync/protocol.ts` in the `convex` npm package.
 */
import { z } from "zod";
import { badRequest, RequestError } from "../errors.ts";
import type { Json, JsonText } from "../types.ts";

const u32 = z.number().int().min(0).max(0xffff_ffff);
/** Text that came from `JSON.parse` needs no second look. */
const json = z.custom<Json>(() => true);
const call = {
  requestId: u32,
  udfPath: z.string(),
  args: z.array(json).length(1),
  componentPath: z.string().optional(),
};

const clientMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("Connect"),
    sessionId: z.uuid(),
    connectionCount: u32,
    lastCloseReason: z.string().nullish(),
    maxObservedTimestamp: z.string().optional(),
    clientTs: z.number().optional(),
  }),
  z.object({
    type: z.literal("ModifyQuerySet"),
    baseVersion: u32,
    newVersion: u32,
    modifications: z.array(
      z.discriminatedUnion("type", [
        z.object({
          type: z.literal("Add"),
          queryId: u32,
          udfPath: z.string(),
          args: z.array(json).length(1),
          journal: z.string().nullish(),
          componentPath: z.string().optional(),
        }),
        z.object({ type: z.literal("Remove"), queryId: u32 }),
      ]),
    ),
  }),
  z.object({ type: z.literal("Mutation"), ...call }),
  z.object({ type: z.literal("Action"), ...call }),
  z.object({
    type: z.literal("Authenticate"),
    baseVersion: u32,
    tokenType: z.enum(["User", "Admin", "None"]),
    value: z.string().optional(),
    impersonating: json.optional(),
    acting_as: json.optional(),
  }),
  z.object({ type: z.literal("Event"), eventType: z.string() }),
]);

export type ClientMessage = z.infer<typeof clientMessage>;
export type QuerySetChange = Extract<ClientMessage, { type: "ModifyQuerySet" }>["modifications"][number];

/** Throws `RequestError` naming the first field that is wrong. */
export function parseClientMessage(text: string): ClientMessage {
  const parsed = clientMessage.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalidMessage(`${issue?.path.join(".") || "message"}: ${issue?.message ?? "invalid"}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidMessage(error instanceof Error ? error.message : String(error));
  }
}

function invalidMessage(detail: string): RequestError {
  return badRequest("WSMessageInvalidJson", `Received Invalid JSON on websocket: ${detail}`);
}

export interface StateVersion {
  querySet: number;
  identity: number;
  ts: bigint;
}

export const INITIAL_VERSION: StateVersion = { querySet: 0, identity: 0, ts: 0n };

export type Modification =
  | { type: "QueryUpdated"; queryId: number; value: JsonText; logLines: string[]; journal: string | null }
  | {
      type: "QueryFailed";
      queryId: number;
      errorMessage: string;
      logLines: string[];
      journal: string | null;
      errorData?: Json;
    }
  | { type: "QueryRemoved"; queryId: number };

/** `errorData` must be absent for anything but a ConvexError: clients test whether it is undefined. */
export type CallResponse =
  | { success: true; requestId: number; value: JsonText; logLines: string[]; ts?: bigint }
  | { success: false; requestId: number; errorMessage: string; logLines: string[]; errorData?: Json };

export type ServerMessage =
  | {
      type: "Transition";
      startVersion: StateVersion;
      endVersion: StateVersion;
      modifications: Modification[];
      clientClockSkew: number | null;
      serverTs: number;
    }
  | ({ type: "MutationResponse" | "ActionResponse" } & CallResponse)
  | { type: "AuthError"; error: string; baseVersion: number; authUpdateAttempted: boolean }
  | { type: "FatalError"; error: string }
  | { type: "TransitionChunk"; chunk: string; partNumber: number; totalParts: number; transitionId: string }
  | { type: "Ping" };

/** Results are JSON text already and are put into the message as they are. */
export function encodeServerMessage(message: ServerMessage): string {
  if (message.type === "Transition") return encodeTransition(message);
  if (message.type === "MutationResponse" || message.type === "ActionResponse") return encodeResponse(message);
  return JSON.stringify(message);
}

function encodeTransition(message: Extract<ServerMessage, { type: "Transition" }>): string {
  const { type, startVersion, endVersion, modifications, clientClockSkew, serverTs } = message;
  const head = { type, startVersion: encodeVersion(startVersion), endVersion: encodeVersion(endVersion) };
  const fields = { ...head, clientClockSkew, serverTs };
  return withRawField(fields, "modifications", `[${modifications.map(encodeModification).join(",")}]`);
}

function encodeModification(modification: Modification): string {
  if (modification.type !== "QueryUpdated") return JSON.stringify(modification);
  const { value, ...fields } = modification;
  return withRawField(fields, "value", value);
}

function encodeResponse(message: { type: string } & CallResponse): string {
  if (message.success) {
    const { value, ts, ...fields } = message;
    return withRawField(ts === undefined ? fields : { ...fields, ts: encodeU64(ts) }, "result", value);
  }
  const { errorMessage, ...fields } = message;
  return JSON.stringify({ ...fields, result: errorMessage });
}

/** JSON of `fields` and one more field whose value is JSON text already. `fields` must not be empty. */
export function withRawField(fields: object, name: string, raw: JsonText): string {
  return `${JSON.stringify(fields).slice(0, -1)},"${name}":${raw}}`;
}

function encodeVersion({ querySet, identity, ts }: StateVersion) {
  return { querySet, identity, ts: encodeU64(ts) };
}

/** Timestamps travel as base64 of 8 little-endian bytes. */
export function encodeU64(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.toString("base64");
}

/** Throws `RequestError` unless the text is base64 of exactly 8 bytes. */
export function decodeU64(text: string): bigint {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 8) throw badRequest("InvalidTimestamp", `"${text}" is not a timestamp.`);
  return bytes.readBigUInt64LE();
}

/** Clients from this version on put chunked transitions together again. */
const FIRST_VERSION_WITH_CHUNKS = [1, 28, 0];
const MAX_CHUNK_BYTES = 5_000_000;

/** "1.48.0" → whether that npm client understands `TransitionChunk`. */
export function supportsChunks(clientVersion: string | null): boolean {
  const match = /^(?:npm-)?(\d+)\.(\d+)\.(\d+)/.exec(clientVersion ?? "");
  if (!match) return false;
  for (const [index, wanted] of FIRST_VERSION_WITH_CHUNKS.entries()) {
    const given = Number(match[index + 1]);
    if (given !== wanted) return given > wanted;
  }
  return true;
}

/** Cuts a transition's text into frames of at most 5 MB of UTF-8, never inside a character. */
export function splitTransition(text: string): string[] {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_CHUNK_BYTES) return [text];
  const chunks: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = characterBoundary(bytes, Math.min(start + MAX_CHUNK_BYTES, bytes.length));
    chunks.push(bytes.toString("utf8", start, end));
    start = end;
  }
  const transitionId = String(bytes.length);
  return chunks.map((chunk, partNumber) =>
    encodeServerMessage({ type: "TransitionChunk", chunk, partNumber, totalParts: chunks.length, transitionId }),
  );
}

/** The nearest place at or before `end` where a character begins: continuation bytes look like 10xxxxxx. */
function characterBoundary(bytes: Buffer, end: number): number {
  let boundary = end;
  while (boundary < bytes.length && ((bytes[boundary] ?? 0) & 0xc0) === 0x80) boundary -= 1;
  return boundary;
}
