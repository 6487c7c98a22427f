import { internal } from "../../convex/_generated/api.js";
import type { ErasureState } from "../../convex/operator/state.ts";
import type { Command } from "./command.ts";
import { ageInWords, timeInWords } from "./words.ts";

/** An erasure that takes longer than this has to be looked at: the goal is an hour. */
const LATE_MS = 24 * 60 * 60_000;

/** Lists the erasures under way; exits 1 while one takes too long. */
export const erasureStatus: Command = {
  name: "erasure-status",
  synopsis: "erasure-status",
  purpose: "the erasures under way and how far each is; --apply takes up those that have fallen silent",
  details: ["Exits with 1 while one has been under way for more than a day, unless a legal hold is what it waits for."],
  run: async ({ deployment, apply, print }) => {
    const nowMs = Date.now();
    const erasures = await deployment.call(internal.operator.state.erasures, {});
    for (const erasure of erasures) print(line(erasure, nowMs));
    if (erasures.length === 0) print("No erasure is under way.");
    if (apply) await deployment.call(internal.erasure.steps.resumeSilent, {});
    return erasures.some(({ state, requestedAt }) => state !== "held" && nowMs - requestedAt > LATE_MS) ? 1 : 0;
  },
};

function line(erasure: ErasureState, nowMs: number): string {
  const { jobId, origin, state, requestedAt, beatAt, attempts, removed, identityGone } = erasure;
  const identity = identityGone ? "gone at the identity provider" : "still at the identity provider";
  const since = `asked for ${timeInWords(requestedAt)} by ${origin}`;
  const life = `last sign of life ${ageInWords(nowMs - beatAt)} ago, ${attempts} repeats`;
  return `${jobId} ${state}: ${removed} rows gone, ${identity}; ${since}; ${life}`;
}
