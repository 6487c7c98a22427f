/** Errors that cross the seams of the runtime. */
import type { Json } from "./types.ts";

/** The developer's code asked for something that is wrong or beyond a limit; it may catch this. */
export class DeveloperError extends Error {
  override readonly name = "DeveloperError";
  /** Stable short name, such as `TooManyDocumentsRead`. */
  readonly code: string;
  /** Encoded ConvexError data, for system errors a client must be able to recognise (`InvalidCursor`). */
  readonly data: Json | undefined;

  constructor(code: string, message: string, data?: Json) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** The transaction read something that changed before it could commit. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
}

/** Existing documents do not fit a new schema, or the schema itself breaks Convex's rules. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
  /** The table whose documents do not fit; undefined when it is the schema that is wrong. */
  readonly table: string | undefined;

  constructor(message: string, table?: string) {
    super(message);
    this.table = table;
  }
}

/** The data folder cannot be used; the message says why and what to do, and nothing was changed. */
export class DataFolderError extends Error {
  override readonly name = "DataFolderError";
}

/** What kind of trouble a request met; decides the HTTP status and how a socket is closed. */
export type RequestErrorKind =
  | "badRequest"
  | "unauthenticated"
  | "forbidden"
  | "notFound"
  | "tooLarge"
  | "conflict"
  | "rateLimited"
  | "overloaded";

/** A request that could not be served, as opposed to a function that failed. `code` is a stable short name. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly kind: RequestErrorKind;
  readonly code: string;

  constructor(kind: RequestErrorKind, code: string, message: string) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

export function badRequest(code: string, message: string): RequestError {
  return new RequestError("badRequest", code, message);
}

export function unauthenticated(code: string, message: string): RequestError {
  return new RequestError("unauthenticated", code, message);
}
