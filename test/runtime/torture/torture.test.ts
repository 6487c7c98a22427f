import { expect, test } from "vitest";
import { runEpisode } from "./torture.ts";

/** `npm run torture` goes through 500. */
const ROUNDS = 20;

test(`${ROUNDS} kills under 16 clients lose nothing acknowledged, do nothing twice and leave indexes whole`, async () => {
  const { findings, acknowledged } = await runEpisode({ rounds: ROUNDS, random: Math.random });
  expect(findings).toEqual([]);
  expect(acknowledged).toBeGreaterThan(ROUNDS);
}, 300_000);
