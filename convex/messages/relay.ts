import type { ReplyErrorCode } from "../../src/shared/errors.ts";
import type { CountedTokens } from "../usage/turnCosts.ts";
import type { Standing } from "./leases.ts";
import { nextStep, type Progress } from "./pacing.ts";

/** What a model's answer is made of, whichever provider sent it. */
export type Part =
  | { kind: "text"; text: string }
  /** Anything that shows the model is at work and adds no text, such as reasoning. */
  | { kind: "alive" }
  | { kind: "usage"; counted: CountedTokens };

/**
 * A provider did not answer as it should. `code` is what the person is told, `detail` what the logs say. The provider's
 * own error is not kept: it carries the conversation and must not reach a log.
 */
export class ProviderError extends Error {
  readonly code: ReplyErrorCode;

  constructor(code: ReplyErrorCode, detail: string) {
    super(`${code}: ${detail}`);
    this.name = "ProviderError";
    this.code = code;
  }
}

/** What a relay acts through. */
export interface RelayDeps {
  nowMs(): number;
  /** Stores a piece of the text. */
  append(piece: { seq: number; text: string }, beat: boolean): Promise<Standing>;
  /** Looks at the lease while there is nothing to store. */
  check(beat: boolean): Promise<Standing>;
}

/** How relaying ended. `tail` is the text after the last stored piece, which gets the number `seq`. */
export type RelayEnd =
  | { kind: "lost" }
  | {
      kind: "ended";
      state: "complete" | "interrupted" | "failed";
      error?: ReplyErrorCode;
      counted?: CountedTokens;
      tail: { seq: number; text: string };
    };

/** Longest reply that is kept, and the longest time one may take: Convex ends actions after ten minutes. */
const REPLY_CHARACTERS = 200_000;
const REPLY_MS = 9 * 60_000;

/**
 * Passes a model's answer on piece by piece, at the pace of `nextStep`, with one call under way at a time. Ends when the
 * model does, when it fails or falls silent, and when the lease is lost; aborts `abort` in every case but the first, so
 * that the provider stops too. Rejects only where `deps` does.
 */
export async function relay(parts: AsyncIterable<Part>, abort: AbortController, deps: RelayDeps): Promise<RelayEnd> {
  const bell = new Bell();
  const intake = new Intake(deps.nowMs(), bell);
  void intake.read(parts, deps);
  try {
    return await pump(intake, bell, deps);
  } finally {
    abort.abort();
  }
}

async function pump(intake: Intake, bell: Bell, deps: RelayDeps): Promise<RelayEnd> {
  const { progress } = intake;
  while (intake.end === null) {
    const nowMs = deps.nowMs();
    if (isTooLong(intake, nowMs)) intake.end = { state: "interrupted", error: "reply_too_long" };
    const step = nextStep(progress, nowMs);
    if (step.kind === "wait") await bell.wait(step.ms);
    if (step.kind === "giveUp") intake.end = intake.failure("provider_silent");
    if (step.kind === "wait" || step.kind === "giveUp") continue;
    const standing = await (step.kind === "flush" ? flush(intake, step.beat, deps) : deps.check(step.beat));
    progress.lastContactAtMs = deps.nowMs();
    if (step.beat) progress.lastBeatAtMs = progress.lastContactAtMs;
    if (standing === "lost") return { kind: "lost" };
    if (standing === "fenced") intake.end = { state: "interrupted", error: "fenced" };
  }
  return {
    kind: "ended",
    ...intake.end,
    counted: intake.counted,
    tail: { seq: progress.flushes, text: intake.waiting },
  };
}

async function flush(intake: Intake, beat: boolean, deps: RelayDeps): Promise<Standing> {
  const { progress } = intake;
  const piece = { seq: progress.flushes, text: intake.waiting };
  progress.lastFlushAtMs = deps.nowMs();
  const standing = await deps.append(piece, beat);
  intake.dropStored(piece.text.length);
  return standing;
}

function isTooLong({ received, progress }: Intake, nowMs: number): boolean {
  return received >= REPLY_CHARACTERS || nowMs - progress.startedAtMs >= REPLY_MS;
}

/** Takes in what the model sends while the pump passes it on. */
class Intake {
  readonly progress: Progress;
  waiting = "";
  received = 0;
  counted: CountedTokens | undefined;
  end: { state: "complete" | "interrupted" | "failed"; error?: ReplyErrorCode } | null = null;
  readonly #bell: Bell;

  constructor(nowMs: number, bell: Bell) {
    this.#bell = bell;
    this.progress = {
      startedAtMs: nowMs,
      lastPartAtMs: nowMs,
      lastFlushAtMs: nowMs,
      lastContactAtMs: nowMs,
      lastBeatAtMs: nowMs,
      flushes: 0,
      waitingCharacters: 0,
    };
  }

  async read(parts: AsyncIterable<Part>, { nowMs }: Pick<RelayDeps, "nowMs">): Promise<void> {
    try {
      for await (const part of parts) {
        this.progress.lastPartAtMs = nowMs();
        this.#take(part);
      }
      this.end ??= { state: "complete" };
    } catch (error) {
      this.end ??= this.#failed(error);
    }
    this.#bell.ring();
  }

  /** A reply that has text already was interrupted, and its provider can be reached; one without failed. */
  failure(error: ReplyErrorCode): { state: "interrupted" | "failed"; error: ReplyErrorCode } {
    if (this.received === 0) return { state: "failed", error };
    return { state: "interrupted", error: error === "provider_unavailable" ? "provider_cut" : error };
  }

  #failed(error: unknown) {
    // Of an unknown error only its name is safe to log: its message may quote the conversation.
    console.error(error instanceof ProviderError ? error.message : `Relaying a reply failed: ${nameOf(error)}`);
    return this.failure(error instanceof ProviderError ? error.code : "provider_unavailable");
  }

  dropStored(characters: number): void {
    this.progress.flushes++;
    this.#setWaiting(this.waiting.slice(characters));
  }

  #take(part: Part): void {
    if (part.kind === "usage") this.counted = part.counted;
    if (part.kind !== "text" || part.text === "") return;
    this.received += part.text.length;
    this.#setWaiting(this.waiting + part.text);
    this.#bell.ring();
  }

  #setWaiting(text: string): void {
    this.waiting = text;
    this.progress.waitingCharacters = text.length;
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/** Lets a waiting loop be woken before its time. */
class Bell {
  #wake: (() => void) | null = null;

  /** Resolves after `ms`, or as soon as the bell rings. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.ring(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  ring(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
