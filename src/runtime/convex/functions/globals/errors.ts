/**
 * Errors across realms.
 *
 * [Note: Lent classes]
 * An isolate has intrinsics of its own, but `ArrayBuffer`, typed arrays and the web's classes are lent by
 * the host, because the bytes, streams and responses it receives are instances of those. What they throw
 * are the host's errors, so `instanceof` is taught to accept these too.
 */
import type { IsolateHost } from "./host.ts";

type ErrorClass = new (message?: string, options?: { cause?: unknown }) => Error;

const FRAME = "    at ";

const ordinaryInstanceOf = Function.prototype[Symbol.hasInstance];

const OWN: Record<string, ErrorClass> = { Error, TypeError, RangeError, SyntaxError };

/** Lets `instanceof Error`, `TypeError` … accept the host's errors as well as the isolate's. */
export function recognizeHostErrors(hostErrors: Record<string, ErrorClass>): void {
  for (const [name, own] of Object.entries(OWN)) {
    const theirs = hostErrors[name];
    Object.defineProperty(own, Symbol.hasInstance, {
      value(this: unknown, value: unknown): boolean {
        return (
          ordinaryInstanceOf.call(this, value) ||
          (this === own && theirs !== undefined && ordinaryInstanceOf.call(theirs, value))
        );
      },
    });
  }
}

/** The isolate's own error for one of the host's; DOMExceptions are lent and stay as they are. */
export function localError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DOMException) return error;
  const own = OWN[error.name] ?? Error;
  if (Object.getPrototypeOf(error) === own.prototype) return error;
  const cause = "cause" in error ? { cause: localError(error.cause) } : undefined;
  const local = new own(error.message, cause);
  if ("data" in error && error.data !== undefined) Object.assign(local, { data: error.data });
  if ("code" in error) Object.assign(local, { code: error.code });
  return local;
}

/** Makes `error.stack` show the developer's files and lines. */
export function installStackTraces(host: () => IsolateHost): void {
  Error.prepareStackTrace = (error, sites) => {
    const frames = sites.map((site) => host().describeFrame(String(site))).filter((frame) => frame !== null);
    return [String(error), ...frames.map((frame) => FRAME + frame)].join("\n");
  };
}

export interface Failure {
  /** First line and stack, as Convex words it. */
  message: string;
  /** Encoded data of a ConvexError, as JSON text. */
  data?: string;
}

/**
 * What is reported of a thrown value. The SDK has replaced a ConvexError's data by its encoded JSON text.
 * `describeFrame`: as the host's, for errors of the host that were not made in this isolate.
 */
export function describeFailure(thrown: unknown, describeFrame: IsolateHost["describeFrame"]): Failure {
  if (!(thrown instanceof Error)) return { message: `Uncaught ${String(thrown)}` };
  const stack = typeof thrown.stack === "string" ? thrown.stack : "";
  const sites = stack.split("\n").filter((line) => line.startsWith(FRAME));
  // A stack made in this isolate is mapped already; one of the host's is not, and mostly about the host.
  const isOwn = ordinaryInstanceOf.call(Error, thrown);
  const frames = sites.filter((line) => isOwn || describeFrame(line) !== null);
  const shown = isOwn ? frames : frames.map((line) => describeFrame(line));
  const message = [`Uncaught ${thrown.name}: ${thrown.message}`, ...shown].join("\n");
  const isConvexError = "ConvexErrorSymbol" in thrown && "data" in thrown && typeof thrown.data === "string";
  return isConvexError ? { message, data: thrown.data as string } : { message };
}
