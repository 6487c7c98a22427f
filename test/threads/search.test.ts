import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { foldText, snippetAround } from "../../convex/threads/matching.ts";
import {
  type Backend,
  type Person,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { say } from "../support/chats.ts";

useBackendEnvironment();

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  ada = await signedIn(backend);
});

async function sayLater(text: string, threadId?: Parameters<typeof say>[2]) {
  vi.advanceTimersByTime(1_000);
  return say(ada, text, threadId);
}

/** All hits of a search, call after call, and how many calls that took. */
async function searchAll(query: string, person = ada) {
  const hits = [];
  let calls = 0;
  let cursor: string | null = null;
  do {
    const found: {
      hits: { at: number; title: string; snippet: string; messageId: string | null }[];
      cursor: string | null;
    } = await person.action(api.threads.search, { query, cursor });
    hits.push(...found.hits);
    cursor = found.cursor;
    calls++;
  } while (cursor !== null);
  return { hits, calls };
}

describe("search", () => {
  it("finds messages and titles, newest first, whatever their case", async () => {
    const harbour = await sayLater("Tides in the harbour");
    await sayLater("Nothing to see here");
    await sayLater("And what about NEAP tides?", harbour.threadId);
    const moons = await sayLater("Moons");
    await ada.mutation(api.threads.rename, { threadId: moons.threadId, title: "Moons and tides" });
    const { hits } = await searchAll("tIDES");
    expect(hits.map(({ title, snippet, messageId }) => [title, snippet, messageId !== null])).toEqual([
      ["Moons and tides", "Moons and tides", false],
      ["Tides in the harbour", "Tides in the harbour", false],
      ["Tides in the harbour", "And what about NEAP tides?", true],
      ["Tides in the harbour", "Tides in the harbour", true],
    ]);
    const times = hits.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it("finds everything in a long history, a bounded amount a call", async () => {
    const { threadId } = await sayLater("needle at the start");
    for (let turn = 0; turn < 230; turn++) {
      await sayLater(turn % 50 === 0 ? `needle ${turn}` : `hay ${turn}`, threadId);
      vi.advanceTimersByTime(2_000);
    }
    const { hits, calls } = await searchAll("needle");
    const texts = hits.flatMap(({ messageId, snippet }) => (messageId ? [snippet] : []));
    expect(texts).toEqual(["needle 200", "needle 150", "needle 100", "needle 50", "needle 0", "needle at the start"]);
    expect(hits.filter(({ messageId }) => messageId === null)).toHaveLength(1);
    expect(calls).toBeGreaterThan(1);
  }, 20_000);

  it("[A18] finds nothing of other people and nothing that was deleted", async () => {
    const { threadId } = await sayLater("A secret");
    const bob = await signedIn(backend, "Bob");
    expect((await searchAll("secret", bob)).hits).toEqual([]);
    await ada.mutation(api.threads.remove, { threadId });
    expect((await searchAll("secret")).hits).toEqual([]);
  });

  it.each([
    [{ query: "" }, "invalid"],
    [{ query: "   " }, "invalid"],
    [{ query: "x".repeat(201) }, "invalid"],
    [{ query: "x", cursor: "nonsense" }, "invalid"],
    [{ query: "x", cursor: "[1]" }, "invalid"],
    [{ query: "x", cursor: "null" }, "invalid"],
  ])("%j is refused as %s", async (args, code) => {
    expect(await refusalOf(ada.action(api.threads.search, args))).toBe(code);
  });

  it("is limited in how often one person may call it", async () => {
    for (let call = 0; call < 120; call++) await ada.action(api.threads.search, { query: "x" });
    expect(await refusalOf(ada.action(api.threads.search, { query: "x" }))).toBe("limit_exceeded");
    const bob = await signedIn(backend, "Bob");
    expect(await bob.action(api.threads.search, { query: "x" })).toMatchObject({ hits: [] });
  });
});

describe("snippets", () => {
  it("show what is around a match and say where they were cut", () => {
    const text = `${"before ".repeat(30)}NEEDLE${" after".repeat(30)}`;
    const snippet = snippetAround(text, "needle");
    expect(snippet).toMatch(/^….*NEEDLE.*…$/u);
    expect(snippet?.length).toBe(122);
  });

  it("are the whole text where it is short, on one line", () => {
    expect(snippetAround(" a\n\n needle  here ", "needle")).toBe("a needle here");
    expect(snippetAround("hay", "needle")).toBeNull();
  });

  it("never end in half a character", () => {
    const snippet = snippetAround(`needle ${"🌊".repeat(100)}`, "needle");
    expect(snippet?.isWellFormed()).toBe(true);
    expect(snippet).not.toContain("\u{fffd}");
  });

  it("compare text without regard to case, width and composition", () => {
    expect(foldText("ＦＵＬＬ Cafe\u0301")).toBe("full caf\u00e9");
  });
});
