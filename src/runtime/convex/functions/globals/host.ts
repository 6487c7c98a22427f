/** What the code inside an isolate asks of the runtime outside it. Implemented once per kind of execution. */
import type { ModuleSupply } from "./modules.ts";

/** Features that a kind of execution, or the evaluation of modules, may have to refuse. */
export type Feature = "fetch()" | "setTimeout" | "setInterval" | "cryptographic randomness" | "dynamic import";

export type LogLevel = "DEBUG" | "ERROR" | "INFO" | "LOG" | "WARN";

/** Answer to an asynchronous syscall that must wait for the next turn ([Note: Turns]). */
export const PARKED = Symbol.for("noruxa.parked");

export interface IsolateHost extends ModuleSupply {
  /** Milliseconds since the epoch, as the code may see them. */
  nowMs(): number;
  /** Milliseconds since `timeOriginMs()`. */
  performanceNowMs(): number;
  timeOriginMs(): number;
  /** Why a feature cannot be used now, or null when it can. */
  refusal(feature: Feature): string | null;
  /** Fails the whole execution, whatever the code does next. */
  fail(message: string): void;
  env(name: string): string | undefined;
  log(level: LogLevel, message: string): void;
  /** Renders a value for the log. */
  inspect(value: unknown): string;
  /** `site` is V8's rendering of a stack frame; null leaves the frame out. */
  describeFrame(site: string): string | null;

  syscall(operation: string, args: string): string;
  /** Text, a promise of text, or `PARKED`. Throws, or rejects, with the error the code shall see. */
  asyncSyscall(operation: string, args: string): string | Promise<string> | typeof PARKED;
  jsSyscall(operation: string, args: unknown): unknown;

  fetch(request: Request): Promise<Response>;
  setTimer(callback: () => void, delayMs: number, repeat: boolean): number;
  clearTimer(id: number): void;
  /** One WebCrypto operation, answered at once. */
  subtle(operation: string, args: unknown[]): unknown;
}
