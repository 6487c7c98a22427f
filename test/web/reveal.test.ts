import { expect, test } from "vitest";
import { hidden, type Reveal, shownPart, textArrived, timePassed } from "../../src/web/features/messages/reveal.ts";

/** What is shown after each of `arrivals`, and then after `restMs` more, in frames of 16 ms. */
function play(arrivals: readonly { atMs: number; length: number; last?: boolean }[], restMs: number): Reveal {
  let reveal = hidden;
  let nowMs = 0;
  let length = 0;
  const advanceTo = (untilMs: number) => {
    for (; nowMs + 16 <= untilMs; nowMs += 16) reveal = timePassed(reveal, { length, elapsedMs: 16 });
  };
  for (const arrival of arrivals) {
    advanceTo(arrival.atMs);
    length = arrival.length;
    reveal = textArrived(reveal, { length, nowMs: arrival.atMs, last: arrival.last ?? false });
  }
  advanceTo(nowMs + restMs);
  return reveal;
}

test("the first words are shown in the frame they arrive", () => {
  expect(play([{ atMs: 900, length: 12 }], 0).shownLength).toBe(12);
});

test("later words are shown evenly, neither at once nor late", () => {
  const arrivals = [
    { atMs: 0, length: 10 },
    { atMs: 400, length: 410 },
  ];
  const halfWay = play(arrivals, 240).shownLength;
  expect(halfWay).toBeGreaterThan(150);
  expect(halfWay).toBeLessThan(300);
  expect(play(arrivals, 520).shownLength).toBe(410);
});

test("no text waits longer than a second, however long the model was silent before it", () => {
  const arrivals = [
    { atMs: 0, length: 10 },
    { atMs: 30_000, length: 5_000 },
  ];
  expect(play(arrivals, 1_040).shownLength).toBe(5_000);
});

test("the end of a reply is shown in a quarter of a second", () => {
  const arrivals = [
    { atMs: 0, length: 10 },
    { atMs: 1_000, length: 900, last: true },
  ];
  expect(play(arrivals, 272).shownLength).toBe(900);
});

test("a final text shorter than what was shown is not read past its end", () => {
  const reveal = textArrived({ shownLength: 50, pace: 1, arrivedAtMs: 0 }, { length: 20, nowMs: 100, last: true });
  expect(reveal.shownLength).toBe(20);
  expect(timePassed(reveal, { length: 20, elapsedMs: 5_000 }).shownLength).toBe(20);
});

test("words are shown whole", () => {
  expect(shownPart("the quick brown fox", 12)).toBe("the quick ");
  expect(shownPart("the quick brown fox", 19)).toBe("the quick brown fox");
});

test("text without spaces is shown in parts, and no character is split", () => {
  const faces = "😀".repeat(40);
  for (let length = 50; length < 60; length++) {
    expect(shownPart(faces, length)).toBe("😀".repeat(Math.floor(length / 2)));
  }
});
