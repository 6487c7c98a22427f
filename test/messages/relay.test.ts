import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Standing } from "../../convex/messages/leases.ts";
import { type Part, ProviderError, relay } from "../../convex/messages/relay.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const text = (words: string): Part => ({ kind: "text", text: words });

/** Relays what the model sends, and keeps what was stored and looked at, with the time of each. */
function run(model: (signal: AbortSignal) => AsyncIterable<Part>, { latencyMs = 0 } = {}) {
  const abort = new AbortController();
  const startedAtMs = Date.now();
  const pieces: { seq: number; text: string; atMs: number; beat: boolean }[] = [];
  const checks: { atMs: number; beat: boolean }[] = [];
  let standing: Standing = "ours";
  let underWay = 0;
  let mostUnderWay = 0;
  const call = async () => {
    mostUnderWay = Math.max(mostUnderWay, ++underWay);
    if (latencyMs) await pause(latencyMs);
    underWay--;
    return standing;
  };
  const end = relay(model(abort.signal), abort, {
    nowMs: Date.now,
    append: (piece, beat) => {
      pieces.push({ ...piece, beat, atMs: Date.now() - startedAtMs });
      return call();
    },
    check: (beat) => {
      checks.push({ beat, atMs: Date.now() - startedAtMs });
      return call();
    },
  });
  return {
    end,
    pieces,
    checks,
    abort,
    lose: (as: Standing) => {
      standing = as;
    },
    mostUnderWay: () => mostUnderWay,
  };
}

/** Words at an even pace, until the signal says to stop. */
async function* words(count: number, everyMs: number, signal: AbortSignal): AsyncGenerator<Part> {
  for (let index = 0; index < count && !signal.aborted; index++) {
    yield text(`w${index} `);
    await pause(everyMs);
  }
}

describe("relaying a reply", () => {
  it("stores the first words at once, and in the end every word once and in order", async () => {
    const relayed = run((signal) => words(60, 100, signal));
    await vi.runAllTimersAsync();
    const end = await relayed.end;
    expect(relayed.pieces[0]).toMatchObject({ seq: 0, text: "w0 ", atMs: 0 });
    expect(relayed.pieces.map(({ seq }) => seq)).toEqual(relayed.pieces.map((_, index) => index));
    expect(end).toMatchObject({ kind: "ended", state: "complete", tail: { seq: relayed.pieces.length } });
    const tail = end.kind === "ended" ? end.tail.text : "";
    const whole = Array.from({ length: 60 }, (_, index) => `w${index} `).join("");
    expect(relayed.pieces.map((piece) => piece.text).join("") + tail).toBe(whole);
  });

  it("has one call under way at a time, however slow the calls are", async () => {
    const relayed = run((signal) => words(60, 20, signal), { latencyMs: 700 });
    await vi.runAllTimersAsync();
    await relayed.end;
    expect(relayed.mostUnderWay()).toBe(1);
    expect(relayed.pieces.length).toBeLessThanOrEqual(4);
  });

  it("gives the usage the provider counted", async () => {
    const relayed = run(async function* () {
      yield text("Hi.");
      yield { kind: "usage", counted: { inputTokens: 3, outputTokens: 1 } };
    });
    await vi.runAllTimersAsync();
    expect(await relayed.end).toMatchObject({ counted: { inputTokens: 3, outputTokens: 1 } });
  });

  it("looks at the lease before two seconds are over while the model thinks, and shows every fifteen that it is alive", async () => {
    const relayed = run(async function* () {
      for (let second = 0; second < 31; second++) {
        await pause(1_000);
        yield { kind: "alive" };
      }
    });
    await vi.runAllTimersAsync();
    await relayed.end;
    expect(relayed.checks.map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 17 }, (_, index) => 1_800 * (index + 1)),
    );
    expect(relayed.checks.flatMap(({ beat, atMs }) => (beat ? [atMs] : []))).toEqual([16_200]);
  });
});

describe("a reply that does not end well", () => {
  it.each<[string, Standing, number]>([
    ["while words come", "lost", 100],
    ["while the model is silent", "lost", 60_000],
  ])("whose lease is lost %s stops the provider and is left alone", async (_when, standing, everyMs) => {
    const relayed = run((signal) => words(1_000, everyMs, signal));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(relayed.abort.signal.aborted).toBe(false);
    relayed.lose(standing);
    await vi.advanceTimersByTimeAsync(1_900);
    expect(await relayed.end).toEqual({ kind: "lost" });
    expect(relayed.abort.signal.aborted).toBe(true);
  });

  it("of an account that was closed is interrupted", async () => {
    const relayed = run((signal) => words(1_000, 100, signal));
    await vi.advanceTimersByTimeAsync(1_000);
    relayed.lose("fenced");
    await vi.advanceTimersByTimeAsync(1_900);
    expect(await relayed.end).toMatchObject({ state: "interrupted", error: "fenced" });
  });

  it.each([
    ["failed", [] as Part[]],
    ["interrupted", [text("Half a sen")]],
  ])("is %s when the provider fails after %j", async (state, parts) => {
    const relayed = run(async function* () {
      yield* parts;
      await pause(500);
      throw new ProviderError("provider_busy", "status 429");
    });
    await vi.runAllTimersAsync();
    expect(await relayed.end).toMatchObject({ state, error: "provider_busy" });
  });

  it("is ended after 45 seconds of silence, with what had come", async () => {
    const relayed = run(async function* (signal) {
      yield text("Half");
      while (!signal.aborted) await pause(1_000);
    });
    await vi.advanceTimersByTimeAsync(45_000);
    expect(await relayed.end).toMatchObject({ state: "interrupted", error: "provider_silent" });
    expect(relayed.pieces.map((piece) => piece.text)).toEqual(["Half"]);
    expect(relayed.abort.signal.aborted).toBe(true);
    await vi.runAllTimersAsync();
  });

  it("is ended when it becomes longer than what is kept", async () => {
    const relayed = run((signal) => words(Number.POSITIVE_INFINITY, 1, signal));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await relayed.end).toMatchObject({ state: "interrupted", error: "reply_too_long" });
    await vi.runAllTimersAsync();
  });

  it("is ended after nine minutes", async () => {
    const relayed = run((signal) => words(Number.POSITIVE_INFINITY, 1_000, signal));
    await vi.advanceTimersByTimeAsync(9 * 60_000 + 2_000);
    expect(await relayed.end).toMatchObject({ state: "interrupted", error: "reply_too_long" });
    await vi.runAllTimersAsync();
  });

  it("whose pieces cannot be stored rejects, and the provider is stopped", async () => {
    const abort = new AbortController();
    const parts = words(10, 100, abort.signal);
    const refuse = () => Promise.reject(new Error("no database"));
    const end = relay(parts, abort, { nowMs: Date.now, append: refuse, check: refuse });
    await expect(end).rejects.toThrow("no database");
    expect(abort.signal.aborted).toBe(true);
    await vi.runAllTimersAsync();
  });
});
