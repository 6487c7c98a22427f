import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { CLOCK_ERROR_MS, TEMPORARY_THREAD_MS } from "../../src/policy/periods.ts";
import {
  type Backend,
  type Person,
  readMessages,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { countContent, say } from "../support/chats.ts";

useBackendEnvironment();

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  ada = await signedIn(backend);
});

async function begun() {
  const requestId = crypto.randomUUID();
  const sent = await ada.mutation(api.messages.send, { requestId, text: "Between us", temporary: true });
  await ada.mutation(api.messages.stop, { messageId: sent.replyId });
  return sent;
}

describe("a temporary chat", () => {
  it("is read and written like any other", async () => {
    const { threadId } = await begun();
    await say(ada, "And more", threadId);
    expect(await readMessages(ada, threadId)).toHaveLength(4);
    expect(await ada.query(api.threads.get, { threadId })).toMatchObject({ state: "temporary" });
  });

  it("is in no list and no search", async () => {
    await begun();
    for (const view of ["recent", "pinned", "expiring"] as const) {
      const { page } = await ada.query(api.threads.list, { view, paginationOpts: { numItems: 9, cursor: null } });
      expect(page).toEqual([]);
    }
    expect((await ada.action(api.threads.search, { query: "between" })).hits).toEqual([]);
  });

  it("cannot be kept by pinning it", async () => {
    const { threadId } = await begun();
    expect(await refusalOf(ada.mutation(api.threads.setPinned, { threadId, pinned: true }))).toBe("invalid");
  });

  it("[A6] cannot be kept by branching it", async () => {
    const { threadId, messageId } = await begun();
    expect(await refusalOf(ada.mutation(api.threads.branch, { threadId, messageId }))).toBe("invalid");
  });

  it("makes no pictures and videos, which lists would show", async () => {
    vi.stubEnv("IMAGE_PROVIDER", "openai");
    vi.stubEnv("IMAGE_BASE_URL", "http://127.0.0.1:9/v1");
    vi.stubEnv("IMAGE_API_KEY", "test-key");
    vi.stubEnv("IMAGE_MODELS", JSON.stringify([{ id: "sketch", prices: [{ sizes: { "512x512": 1 } }] }]));
    const { threadId } = await begun();
    const order = { requestId: "picture", kind: "image" as const, prompt: "a heron" };
    expect(await refusalOf(ada.mutation(api.media.request, { ...order, threadId }))).toBe("invalid");
    expect(await ada.mutation(api.media.request, order)).toHaveProperty("jobId");
  });

  it("[A6] is hidden a day after it began, whatever was said since, and swept with all of its rows", async () => {
    const { threadId } = await begun();
    vi.advanceTimersByTime(TEMPORARY_THREAD_MS - 1_000);
    await say(ada, "Still here", threadId);
    await backend.mutation(internal.threads.expiry.sweep, { state: "temporary" });
    expect(await readMessages(ada, threadId)).toHaveLength(4);
    vi.advanceTimersByTime(1_000);
    expect(await refusalOf(readMessages(ada, threadId))).toBe("not_found");
    vi.advanceTimersByTime(CLOCK_ERROR_MS);
    await backend.mutation(internal.threads.expiry.sweep, { state: "temporary" });
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    expect(await countContent(backend)).toEqual({});
  });

  it("is left alone by the sweep of other chats, and leaves them alone", async () => {
    await begun();
    await say(ada, "An ordinary chat");
    vi.advanceTimersByTime(TEMPORARY_THREAD_MS + CLOCK_ERROR_MS);
    await backend.mutation(internal.threads.expiry.sweep, {});
    expect(await countContent(backend)).toMatchObject({ threads: 2, threadKeys: 2 });
    await backend.mutation(internal.threads.expiry.sweep, { state: "temporary" });
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    expect(await countContent(backend)).toMatchObject({ threads: 1, threadKeys: 1 });
  });

  it("is deleted by whoever leaves it, at once", async () => {
    const { threadId } = await begun();
    await ada.mutation(api.threads.remove, { threadId });
    expect(await countContent(backend)).not.toHaveProperty("threadKeys");
  });
});
