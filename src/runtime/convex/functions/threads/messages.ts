/** What the runtime and its threads say to each other. */
import type { FunctionError } from "../../types.ts";
import type { LogLevel } from "../globals/host.ts";

export interface ThrownInNode {
  name: string;
  message: string;
  /** V8's stack, with positions in the bundled files. */
  stack: string;
  /** Encoded data of a ConvexError, as JSON text. */
  data?: string;
}

/** A function a module exports, as its registration describes it. */
export interface NodeExport {
  name: string;
  kinds: string[];
  isPublic: boolean;
  args: string | null;
  returns: string | null;
}

export interface CallTarget {
  component: string;
  modulePath: string;
  exportName: string;
  requestId: string;
  /** The list of arguments, as JSON text. */
  args: string;
}

/** The answer to a syscall. */
export type Answer = { ok: true; text: string } | { ok: false; code: string; message: string; data?: unknown };

/** `aheadMs`: how far the runtime's clock is ahead of the wall clock. */
export type ToThread = { aheadMs: number } & (
  | { type: "analyse"; id: number; modulePath: string }
  | ({ type: "call"; id: number } & CallTarget)
  | { type: "stop"; id: number; error: FunctionError }
  | { type: "answer"; id: number; answer: Answer }
  | { type: "ping" }
);

export type Result = { ok: true; value: unknown } | { ok: false; error: FunctionError };

export type FromThread =
  | { type: "done"; id: number; result: Result | { ok: false; thrown: ThrownInNode } }
  | { type: "syscall"; id: number; callId: number; operation: string; args: string }
  | { type: "log"; callId: number; level: LogLevel; message: string }
  | { type: "pong" };
