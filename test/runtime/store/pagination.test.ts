import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SqliteStore } from "../../../src/runtime/convex/store/store.ts";
import type { Json, PageRequest, PageResult, QueryJson } from "../../../src/runtime/convex/types.ts";
import { commit, rangeOf, read, scanOf, table, tempStore, where, withOperators } from "./support.ts";

const posts = table("posts", { by_score: ["score"] });
const byScore = (order: "asc" | "desc" = "asc") => rangeOf("posts.by_score", [], order);

async function storeWithScores(...scores: number[]): Promise<SqliteStore> {
  const store = await tempStore(posts);
  await insertScores(store, ...scores);
  return store;
}

function insertScores(store: SqliteStore, ...scores: number[]) {
  return commit(store, (tx) => scores.map((score) => tx.insert("", "posts", { score })));
}

function pageOf(
  store: SqliteStore,
  request: Partial<PageRequest> & { query: QueryJson },
): PageResult & { scores: number[] } {
  const result = read(store, (tx) => tx.page("", { cursor: null, pageSize: 2, ...request }));
  return { ...result, scores: result.page.map((json) => (JSON.parse(json) as { score: number }).score) };
}

describe("pages", () => {
  test("follow one another by cursor until an empty or short one says it is the last", async () => {
    const store = await storeWithScores(1, 2, 3, 4);
    const first = pageOf(store, { query: byScore() });
    const second = pageOf(store, { query: byScore(), cursor: first.continueCursor });
    const third = pageOf(store, { query: byScore(), cursor: second.continueCursor });
    expect([first, second, third].map(({ scores, isDone }) => [scores, isDone])).toEqual([
      [[1, 2], false],
      [[3, 4], false],
      [[], true],
    ]);
    expect(pageOf(store, { query: byScore(), cursor: third.continueCursor })).toMatchObject({
      scores: [],
      isDone: true,
    });
    expect(pageOf(store, { query: byScore("desc"), pageSize: 9 })).toMatchObject({
      scores: [4, 3, 2, 1],
      isDone: true,
    });
  });

  test("cost the documents they hold, however many there are", async () => {
    const usageOfPage = async (count: number) => {
      const store = await storeWithScores(...Array.from({ length: count }, (_, score) => score));
      return read(store, (tx) => {
        tx.page("", { query: byScore("desc"), cursor: null, pageSize: 50 });
        return { documents: tx.usage.documentsRead, intervals: tx.reads.intervalCount };
      });
    };
    expect(await usageOfPage(60)).toEqual({ documents: 50, intervals: 1 });
    expect(await usageOfPage(6_000)).toEqual({ documents: 50, intervals: 1 });
  });

  test("the same position gives the same cursor, and cursors show none of the values they stand for", async () => {
    const store = await tempStore(table("posts", { by_text: ["text"] }));
    await commit(store, (tx) => tx.insert("", "posts", { text: "a secret sentence" }));
    const query = rangeOf("posts.by_text", []);
    const cursor = pageOf(store, { query, pageSize: 1 }).continueCursor;
    expect(pageOf(store, { query, pageSize: 1 }).continueCursor).toBe(cursor);
    expect(Buffer.from(cursor, "base64url").toString("latin1")).not.toContain("secret");
  });

  test("with an end cursor cover exactly what lies between, whatever comes and goes", async () => {
    const store = await storeWithScores(10, 20, 30, 40);
    const first = pageOf(store, { query: byScore() });
    await insertScores(store, 5, 15, 16, 17, 25);
    const grown = pageOf(store, { query: byScore(), endCursor: first.continueCursor });
    expect(grown).toMatchObject({
      scores: [5, 10, 15, 16, 17, 20],
      continueCursor: first.continueCursor,
      isDone: false,
    });
    const next = pageOf(store, { query: byScore(), cursor: first.continueCursor });
    expect(next.scores).toEqual([25, 30]);
  });

  test("use the journal's end cursor when none is given, and an explicit one before it", async () => {
    const store = await storeWithScores(1, 2, 3, 4);
    const two = pageOf(store, { query: byScore(), pageSize: 2 }).continueCursor;
    const three = pageOf(store, { query: byScore(), pageSize: 3 }).continueCursor;
    expect(pageOf(store, { query: byScore(), pageSize: 1, journalEndCursor: three }).scores).toEqual([1, 2, 3]);
    expect(pageOf(store, { query: byScore(), pageSize: 1, journalEndCursor: three, endCursor: two }).scores).toEqual([
      1, 2,
    ]);
  });

  test("a last page that is kept by its end cursor takes up what is appended", async () => {
    const store = await storeWithScores(1, 2);
    const last = pageOf(store, { query: byScore(), pageSize: 5 });
    await insertScores(store, 3, 4);
    expect(pageOf(store, { query: byScore(), endCursor: last.continueCursor })).toMatchObject({
      scores: [1, 2, 3, 4],
      isDone: true,
    });
  });

  test("descending pages are as stable as ascending ones under any interleaved writes", async () => {
    const scores = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 15 });
    const setup = fc.record({
      before: scores,
      during: scores,
      pageSize: fc.integer({ min: 1, max: 4 }),
      order: fc.constantFrom("asc" as const, "desc" as const),
    });
    await fc.assert(
      fc.asyncProperty(setup, async ({ before, during, pageSize, order }) => {
        const store = await storeWithScores(...before);
        const bounds: { cursor: string | null; endCursor: string }[] = [];
        const incoming = during.filter((score) => !before.includes(score));
        let cursor: string | null = null;
        for (let isDone = false; !isDone; ) {
          const page = pageOf(store, { query: byScore(order), cursor, pageSize });
          bounds.push({ cursor, endCursor: page.continueCursor });
          ({ isDone, continueCursor: cursor } = page);
          const next = incoming.pop();
          if (next !== undefined) await insertScores(store, next);
        }
        const pages = bounds.map((bound) => pageOf(store, { query: byScore(order), ...bound }).scores);
        expect(pages.flat()).toEqual(pageOf(store, { query: byScore(order), pageSize: 100 }).scores);
        store.close();
      }),
      { numRuns: 40 },
    );
  });

  test("count documents after filters, and read on until they are full", async () => {
    const store = await storeWithScores(1, 2, 3, 4, 5, 6, 7, 8);
    const even: { filter: Json } = {
      filter: { $eq: [{ $mod: [{ $field: "score" }, { $literal: 2 }] }, { $literal: 0 }] },
    };
    const query = withOperators(byScore(), even);
    const first = pageOf(store, { query });
    expect(first.scores).toEqual([2, 4]);
    expect(pageOf(store, { query, cursor: first.continueCursor }).scores).toEqual([6, 8]);
  });

  test("one that read enough rows can be split in its middle", async () => {
    const store = await storeWithScores(1, 2, 3, 4, 5, 6);
    const whole = pageOf(store, { query: byScore(), pageSize: 6 });
    const middle = whole.splitCursor as string;
    const left = pageOf(store, { query: byScore(), endCursor: middle });
    const right = pageOf(store, { query: byScore(), cursor: middle, endCursor: whole.continueCursor });
    expect([left.scores, right.scores]).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
    expect(pageOf(store, { query: byScore(), pageSize: 2 }).splitCursor).toBeNull();
  });

  test("stop at maximumRowsRead with SplitRequired, and recommend a split when near it", async () => {
    const store = await storeWithScores(1, 2, 3, 4, 5, 6, 7, 8);
    const never: { filter: Json } = { filter: { $eq: [{ $field: "score" }, { $literal: 99 }] } };
    const stopped = pageOf(store, { query: withOperators(byScore(), never), maximumRowsRead: 3 });
    expect(stopped).toMatchObject({ scores: [], isDone: false, pageStatus: "SplitRequired" });
    const resumed = pageOf(store, {
      query: withOperators(byScore(), never),
      cursor: stopped.continueCursor,
      maximumRowsRead: 9,
    });
    expect(resumed).toMatchObject({ isDone: true, pageStatus: null });
    expect(pageOf(store, { query: byScore(), pageSize: 4, maximumRowsRead: 4 }).pageStatus).toBe("SplitRecommended");
    expect(pageOf(store, { query: byScore(), pageSize: 3, maximumRowsRead: 4 }).pageStatus).toBeNull();
  });

  test("stop at maximumBytesRead after the document that passed it", async () => {
    const store = await storeWithScores(1, 2, 3);
    const page = pageOf(store, { query: byScore(), pageSize: 3, maximumBytesRead: 1 });
    expect(page).toMatchObject({ scores: [1], pageStatus: "SplitRequired" });
  });

  test("read exactly their interval: a write beyond the page does not touch it", async () => {
    const store = await storeWithScores(1, 2, 3, 4);
    const tx = store.begin();
    tx.page("", { query: byScore(), cursor: null, pageSize: 2 });
    const touched: boolean[] = [];
    store.onCommit((event) => touched.push(event.touches(tx.reads)));
    await insertScores(store, 2.5);
    await insertScores(store, 1.5);
    expect(touched).toEqual([false, true]);
    tx.close();
  });

  test("see the transaction's own writes", async () => {
    const store = await storeWithScores(1, 3);
    const tx = store.begin();
    tx.insert("", "posts", { score: 2 });
    expect(
      tx.page("", { query: byScore(), cursor: null, pageSize: 2 }).page.map((json) => JSON.parse(json).score),
    ).toEqual([1, 2]);
    tx.close();
  });

  test.each([
    ["no page size", { pageSize: 0 }, "NoDocumentsForPagination"],
    ["a page size beyond the read limit", { pageSize: 32_001 }, "PageSizeTooLarge"],
    ["no rows to read", { maximumRowsRead: 0 }, "InvalidPaginationLimit"],
    ["no bytes to read", { maximumBytesRead: 0 }, "InvalidPaginationLimit"],
  ])("%s is refused", async (_, request, code) => {
    const store = await storeWithScores(1);
    expect(() => pageOf(store, { query: byScore(), ...request })).toThrow(expect.objectContaining({ code }));
  });
});

describe("a foreign cursor", () => {
  const invalid = expect.objectContaining({
    code: "InvalidCursor",
    message: expect.stringMatching(/^InvalidCursor:/),
    data: { isConvexSystemError: true, paginationError: "InvalidCursor" },
  });

  test.each([
    ["of another order", byScore("desc")],
    ["of another range", rangeOf("posts.by_score", [where("score", "Gt", 0)])],
    ["of another index", scanOf("posts")],
    ["of another filter", withOperators(byScore(), { filter: { $literal: true } })],
  ])("%s is an InvalidCursor", async (_, query) => {
    const store = await storeWithScores(1, 2, 3);
    const cursor = pageOf(store, { query: byScore() }).continueCursor;
    expect(() => pageOf(store, { query, cursor })).toThrow(invalid);
    expect(() => pageOf(store, { query, endCursor: cursor })).toThrow(invalid);
  });

  test("of another database, cut short, altered or invented is an InvalidCursor", async () => {
    const store = await storeWithScores(1, 2, 3);
    const cursor = pageOf(store, { query: byScore() }).continueCursor;
    const altered = (cursor.startsWith("A") ? "B" : "A") + cursor.slice(1);
    const elsewhere = pageOf(await storeWithScores(1, 2, 3), { query: byScore() }).continueCursor;
    for (const foreign of [elsewhere, cursor.slice(0, -4), altered, "", "nonsense", "💥"]) {
      expect(() => pageOf(store, { query: byScore(), cursor: foreign })).toThrow(invalid);
    }
  });
});
