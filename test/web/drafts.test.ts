import { beforeEach, expect, test } from "vitest";
import { forgetDrafts, keepDraft, readDrafts } from "../../src/web/features/messages/drafts.ts";

const items = new Map<string, string>();
const storage = {
  getItem: (key: string) => items.get(key) ?? null,
  setItem: (key: string, value: string) => void items.set(key, value),
  removeItem: (key: string) => void items.delete(key),
};

beforeEach(() => items.clear());

test("a draft is there again after a reload, for the chat it was written in", () => {
  keepDraft(storage, "ada", { chat: "a", text: "Half a thought" });
  keepDraft(storage, "ada", { chat: "b", text: "Another" });
  expect(readDrafts(storage, "ada")).toEqual({ a: "Half a thought", b: "Another" });
});

test("a draft that was sent or emptied leaves nothing behind", () => {
  keepDraft(storage, "ada", { chat: "a", text: "Half a thought" });
  keepDraft(storage, "ada", { chat: "a", text: "" });
  expect(items.size).toBe(0);
});

test("nobody sees the drafts of whoever was signed in before, and they are gone once somebody else is", () => {
  keepDraft(storage, "ada", { chat: "a", text: "Half a thought" });
  expect(readDrafts(storage, "bob")).toEqual({});
  expect(items.size).toBe(0);
  expect(readDrafts(storage, "ada")).toEqual({});
});

test("signing out forgets all drafts", () => {
  keepDraft(storage, "ada", { chat: "a", text: "Half a thought" });
  forgetDrafts(storage);
  expect(items.size).toBe(0);
});

test("of very many drafts the oldest make way", () => {
  for (let chat = 0; chat < 30; chat++) keepDraft(storage, "ada", { chat: `chat ${chat}`, text: "x" });
  const kept = Object.keys(readDrafts(storage, "ada"));
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([20, "chat 10", "chat 29"]);
});

test("what is no draft of ours, and a browser without room, do no harm", () => {
  items.set("noruxa.drafts", "{broken");
  expect(readDrafts(storage, "ada")).toEqual({});
  const full = {
    ...storage,
    setItem: () => {
      throw new Error("QuotaExceededError");
    },
  };
  expect(() => keepDraft(full, "ada", { chat: "a", text: "x" })).not.toThrow();
});
