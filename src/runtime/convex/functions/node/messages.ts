/** What the runtime and its Node worker say to each other. */
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

export type ToWorker =
  | { type: "analyse"; id: number; modulePath: string }
  | { type: "call"; id: number; modulePath: string; exportName: string; requestId: string; args: string }
  /** Answers a syscall. */
  | { type: "answer"; id: number; result: { ok: true; text: string } | { ok: false; message: string; data?: unknown } };

export type FromWorker =
  | { type: "done"; id: number; result: { ok: true; value: unknown } | { ok: false; thrown: ThrownInNode } }
  | { type: "syscall"; id: number; callId: number; operation: string; args: string }
  | { type: "log"; callId: number; level: LogLevel; message: string };
