import { expect, test } from "vitest";
import { DELTAS_PER_PAGE } from "../../src/shared/limits.ts";
import { type DeltasPage, follow, followedText, notFollowing } from "../../src/web/features/messages/deltas.ts";

/** Rows `from` up to but not including `to`, each with its number as text. */
function rows(from: number, to: number): DeltasPage["deltas"] {
  return Array.from({ length: to - from }, (_, index) => ({ seq: from + index, text: `${from + index} ` }));
}

test("a page that grows replaces what was read of it before", () => {
  const first = follow(notFollowing, { deltas: rows(0, 1), done: false });
  const second = follow(first, { deltas: rows(0, 3), done: false });
  expect(followedText(first)).toBe("0 ");
  expect(followedText(second)).toBe("0 1 2 ");
  expect(second.page).toBe(0);
});

test("a full page is settled and the next one followed, with nothing lost or said twice", () => {
  const full = follow(notFollowing, { deltas: rows(0, DELTAS_PER_PAGE), done: false });
  expect(full.page).toBe(1);
  const next = follow(full, { deltas: rows(DELTAS_PER_PAGE, DELTAS_PER_PAGE + 2), done: false });
  expect(followedText(next)).toBe(
    rows(0, DELTAS_PER_PAGE + 2)
      .map(({ text }) => text)
      .join(""),
  );
});

test("a tab that joins half way has caught up once it meets a page with room left", () => {
  const full = follow(notFollowing, { deltas: rows(0, DELTAS_PER_PAGE), done: false });
  expect(full.caughtUp).toBe(false);
  expect(follow(full, { deltas: rows(DELTAS_PER_PAGE, DELTAS_PER_PAGE + 1), done: false }).caughtUp).toBe(true);
  expect(follow(full, { deltas: [], done: false }).caughtUp).toBe(true);
});

test("the text stays when the reply ends and its deltas are gone", () => {
  const following = follow(notFollowing, { deltas: rows(0, 2), done: false });
  expect(followedText(follow(following, { deltas: [], done: true }))).toBe("0 1 ");
});

test("a reply that ended before anybody followed it leaves nothing to wait for", () => {
  expect(follow(notFollowing, { deltas: [], done: true }).caughtUp).toBe(true);
});
