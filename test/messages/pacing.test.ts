import { describe, expect, it } from "vitest";
import { nextStep, type Progress } from "../../convex/messages/pacing.ts";

const fresh: Progress = {
  startedAtMs: 0,
  lastPartAtMs: 0,
  lastFlushAtMs: 0,
  lastContactAtMs: 0,
  lastBeatAtMs: 0,
  flushes: 0,
  waitingCharacters: 0,
};

/** The times of flushes while a model sends `charactersPerSecond` without a pause. */
function flushTimes(charactersPerSecond: number, untilMs: number): number[] {
  const progress = { ...fresh };
  const times: number[] = [];
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 10) {
    progress.waitingCharacters += charactersPerSecond / 100;
    if (nextStep(progress, nowMs).kind !== "flush") continue;
    times.push(nowMs);
    progress.flushes++;
    progress.lastFlushAtMs = nowMs;
    progress.waitingCharacters = 0;
  }
  return times;
}

const pauses = (times: number[]) => times.slice(1).map((time, index) => time - (times[index] as number));

describe("the pace of flushes", () => {
  it("is the first text at once, and then slower and slower until it is steady", () => {
    expect(flushTimes(200, 6_000)[0]).toBe(0);
    expect(pauses(flushTimes(200, 6_000))).toEqual([100, 150, 250, 400, 600, 800, 1_000, 1_000, 1_000]);
  });

  it("keeps a reply of twenty seconds to 20 pieces and one of nine minutes to a few hundred", () => {
    expect(flushTimes(200, 20_000).length).toBeLessThanOrEqual(20);
    expect(flushTimes(200, 9 * 60_000).length).toBeLessThanOrEqual(320);
  });

  it("is quicker when much text is waiting, and never without a pause", () => {
    expect(new Set(pauses(flushTimes(50_000, 5_000)))).toEqual(new Set([100]));
  });

  it("waits exactly until the next flush is due", () => {
    const progress = { ...fresh, flushes: 3, lastFlushAtMs: 1_000, waitingCharacters: 1 };
    expect(nextStep(progress, 1_100)).toEqual({ kind: "wait", ms: 150 });
    expect(nextStep(progress, 1_250)).toMatchObject({ kind: "flush" });
  });
});

describe("while a model is silent", () => {
  it("the lease is looked at often enough that a stop is noticed within two seconds", () => {
    expect(nextStep({ ...fresh, lastContactAtMs: 500 }, 1_000)).toEqual({ kind: "wait", ms: 1_300 });
    expect(nextStep({ ...fresh, lastContactAtMs: 500 }, 2_300)).toEqual({ kind: "check", beat: false });
  });

  it("every fifteen seconds the call shows that the action is alive", () => {
    expect(nextStep({ ...fresh, lastContactAtMs: 12_000, lastPartAtMs: 12_000 }, 15_000)).toEqual({
      kind: "check",
      beat: true,
    });
    expect(nextStep({ ...fresh, flushes: 1, waitingCharacters: 1 }, 15_000)).toEqual({ kind: "flush", beat: true });
  });

  it("its reply is given up after 45 seconds without a word, and what waits is stored first", () => {
    const silent = { ...fresh, lastContactAtMs: 44_000 };
    expect(nextStep(silent, 44_500)).toEqual({ kind: "wait", ms: 500 });
    expect(nextStep(silent, 45_000)).toEqual({ kind: "giveUp" });
    expect(nextStep({ ...silent, flushes: 1, waitingCharacters: 1 }, 45_000)).toMatchObject({ kind: "flush" });
  });
});
