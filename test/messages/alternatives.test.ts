import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { branchAt, isOnPath, pathOf, TRUNK } from "../../convex/threads/paths.ts";
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

async function editAndStop(messageId: string, text: string) {
  const edited = await ada.mutation(api.messages.edit, { messageId, text });
  await ada.mutation(api.messages.stop, { messageId: edited.replyId });
  return edited;
}

const shown = async (threadId: string) => {
  const page = await readMessages(ada, threadId);
  return page.flatMap(({ role, text }) => (role === "user" ? [text] : [])).reverse();
};

describe("editing", () => {
  it("shows the new words in place of the old and of what followed, and select brings those back", async () => {
    const first = await say(ada, "A1");
    const second = await say(ada, "A2", first.threadId);
    await say(ada, "A3", first.threadId);
    const edited = await editAndStop(second.messageId, "B2");
    expect(await shown(first.threadId)).toEqual(["A1", "B2"]);
    await say(ada, "B3", first.threadId);
    expect(await shown(first.threadId)).toEqual(["A1", "B2", "B3"]);

    await ada.mutation(api.messages.select, { messageId: second.messageId });
    expect(await shown(first.threadId)).toEqual(["A1", "A2", "A3"]);
    await ada.mutation(api.messages.select, { messageId: edited.messageId });
    expect(await shown(first.threadId)).toEqual(["A1", "B2", "B3"]);
  });

  it("all alternatives name each other, oldest first", async () => {
    const { threadId, messageId } = await say(ada, "One");
    const two = await editAndStop(messageId, "Two");
    const three = await editAndStop(two.messageId, "Three");
    const siblings = [messageId, two.messageId, three.messageId];
    for (const id of siblings) {
      await ada.mutation(api.messages.select, { messageId: id });
      const page = await readMessages(ada, threadId);
      expect(page.find(({ _id }) => _id === id)).toMatchObject({ siblings });
    }
  });

  it("leaves the same parent however often one place is edited, so that no path grows with it", async () => {
    let { messageId } = await say(ada, "0");
    for (const text of ["1", "2", "3"]) ({ messageId } = await editAndStop(messageId, text));
    const branches = await backend.run((ctx) => ctx.db.query("branches").collect());
    expect(branches.map(({ branch, parent, fromDepth }) => ({ branch, parent, fromDepth }))).toEqual([
      { branch: 1, parent: TRUNK, fromDepth: 0 },
      { branch: 2, parent: TRUNK, fromDepth: 0 },
      { branch: 3, parent: TRUNK, fromDepth: 0 },
    ]);
  });

  it("costs the same few rows however long the chat is", async () => {
    const { threadId, messageId } = await say(ada, "0");
    for (let turn = 1; turn < 20; turn++) await say(ada, String(turn), threadId);
    const before = await countContent(backend);
    await editAndStop(messageId, "Zero");
    expect(await countContent(backend)).toEqual({
      ...before,
      messages: (before.messages ?? 0) + 2,
      branches: 1,
      forks: 1,
    });
    expect(await shown(threadId)).toEqual(["Zero"]);
  });

  it("the same request again is the same edit", async () => {
    const { messageId } = await say(ada, "One");
    const request = { messageId, text: "Two", requestId: crypto.randomUUID() };
    const first = await ada.mutation(api.messages.edit, request);
    expect(await ada.mutation(api.messages.edit, request)).toEqual(first);
  });

  it("is for the person's own messages, with words in them", async () => {
    const { messageId, replyId } = await say(ada, "One");
    expect(await refusalOf(ada.mutation(api.messages.edit, { messageId: replyId, text: "Two" }))).toBe("invalid");
    expect(await refusalOf(ada.mutation(api.messages.edit, { messageId, text: " " }))).toBe("invalid");
  });
});

describe("regenerating", () => {
  it("puts another reply beside the first, with the same model unless another is chosen", async () => {
    const { threadId, replyId } = await say(ada, "One");
    const again = await ada.mutation(api.messages.regenerate, { messageId: replyId });
    const [reply] = await readMessages(ada, threadId);
    expect(reply).toMatchObject({
      _id: again.replyId,
      state: "streaming",
      model: "small",
      siblings: [replyId, again.replyId],
    });
    await ada.mutation(api.messages.stop, { messageId: again.replyId });
    const other = await ada.mutation(api.messages.regenerate, { messageId: again.replyId, model: "large" });
    expect((await readMessages(ada, threadId))[0]).toMatchObject({ _id: other.replyId, model: "large" });
  });

  it("uses the default model where the first one is no longer offered", async () => {
    const { threadId, replyId } = await say(ada, "One");
    vi.stubEnv("CHAT_MODELS", '[{"id":"new"}]');
    await ada.mutation(api.messages.regenerate, { messageId: replyId });
    expect((await readMessages(ada, threadId))[0]).toMatchObject({ model: "new" });
  });

  it("the same request again is the same reply", async () => {
    const { replyId } = await say(ada, "One");
    const request = { messageId: replyId, requestId: crypto.randomUUID() };
    const first = await ada.mutation(api.messages.regenerate, request);
    expect(await ada.mutation(api.messages.regenerate, request)).toEqual(first);
  });

  it("is for replies", async () => {
    const { messageId } = await say(ada, "One");
    expect(await refusalOf(ada.mutation(api.messages.regenerate, { messageId }))).toBe("invalid");
    expect(await refusalOf(ada.mutation(api.messages.stop, { messageId }))).toBe("invalid");
  });

  it("ends with a sentence when a chat has very many branches", async () => {
    const { threadId, replyId } = await say(ada, "One");
    await backend.run(async (ctx) => {
      const thread = await ctx.db.get("threads", threadId);
      const workspaceId = thread?.workspaceId;
      if (workspaceId) await ctx.db.insert("branches", { workspaceId, threadId, branch: 200, parent: 0, fromDepth: 0 });
    });
    expect(await refusalOf(ada.mutation(api.messages.regenerate, { messageId: replyId }))).toBe("limit_exceeded");
  });
});

describe("pages of a path", () => {
  it("have every message once and in order, across branches", async () => {
    const first = await say(ada, "1");
    const second = await say(ada, "2", first.threadId);
    const third = await say(ada, "3", first.threadId);
    const edited = await editAndStop(third.messageId, "3b");
    const shownIds = [];
    let cursor: string | null = null;
    for (let isDone = false; !isDone; ) {
      const paginationOpts: { numItems: number; cursor: string | null } = { numItems: 3, cursor };
      const result = await ada.query(api.messages.list, { threadId: first.threadId, paginationOpts });
      shownIds.push(...result.page.map(({ _id }) => _id));
      ({ isDone, continueCursor: cursor } = result);
    }
    expect(shownIds).toEqual([
      edited.replyId,
      edited.messageId,
      second.replyId,
      second.messageId,
      first.replyId,
      first.messageId,
    ]);
  });

  it("go on from a cursor that was given before another branch was shown", async () => {
    const { threadId, replyId } = await say(ada, "1");
    await say(ada, "2", threadId);
    const paginationOpts = { numItems: 2, cursor: null };
    const { continueCursor } = await ada.query(api.messages.list, { threadId, paginationOpts });
    const again = await ada.mutation(api.messages.regenerate, { messageId: replyId });
    const rest = await ada.query(api.messages.list, {
      threadId,
      paginationOpts: { numItems: 9, cursor: continueCursor },
    });
    expect(rest.page.map(({ _id }) => _id)).toContain(again.replyId);
    expect(rest.page.map(({ _id }) => _id)).not.toContain(replyId);
  });
});

describe("pages beside a message", () => {
  const idsOf = async (threadId: string, beside: { messageId: string; side: "earlier" | "later" }) => {
    const ids: string[] = [];
    let cursor: string | null = null;
    for (let isDone = false; !isDone; ) {
      const paginationOpts: { numItems: number; cursor: string | null } = { numItems: 2, cursor };
      const result = await ada.query(api.messages.list, { threadId, paginationOpts, beside });
      ids.push(...result.page.map(({ _id }) => _id));
      ({ isDone, continueCursor: cursor } = result);
    }
    return ids;
  };

  it("have what came before it and what came after it on the branch that is shown, from it outwards", async () => {
    const first = await say(ada, "1");
    const second = await say(ada, "2", first.threadId);
    const third = await say(ada, "3", first.threadId);
    const edited = await editAndStop(third.messageId, "3b");
    const at = (side: "earlier" | "later") => idsOf(first.threadId, { messageId: second.messageId, side });
    expect(await at("earlier")).toEqual([second.messageId, first.replyId, first.messageId]);
    expect(await at("later")).toEqual([second.replyId, edited.messageId, edited.replyId]);
  });

  it("surround the place of a message that is on another branch", async () => {
    const { threadId, messageId, replyId } = await say(ada, "1");
    const edited = await editAndStop(messageId, "1b");
    expect(await idsOf(threadId, { messageId: replyId, side: "earlier" })).toEqual([edited.replyId, edited.messageId]);
  });

  it.each(["missing", "of another chat"])("are not found where the message is %s", async (kind) => {
    const [here, there] = [await say(ada, "Here"), await say(ada, "There")];
    const messageId = kind === "missing" ? "nothing" : there.messageId;
    const listed = idsOf(here.threadId, { messageId, side: "earlier" });
    expect(await refusalOf(listed)).toBe("not_found");
  });
});

describe("paths", () => {
  it("the trunk's path is the trunk", () => {
    expect(pathOf([])).toEqual([{ branch: TRUNK, fromDepth: 0, beforeDepth: Number.POSITIVE_INFINITY }]);
  });

  it("a branch that left its parent at once leaves nothing of it on the path", () => {
    const chain = [
      { branch: 2, parent: 1, fromDepth: 3 },
      { branch: 1, parent: 0, fromDepth: 5 },
    ];
    expect(pathOf(chain).map(({ branch }) => branch)).toEqual([2, TRUNK]);
  });

  it("every depth lies on exactly one segment of a path", () => {
    const chains = fc
      .array(fc.nat(20), { maxLength: 6 })
      .map((depths) => depths.map((fromDepth, index) => ({ branch: index + 1, parent: index + 2, fromDepth })));
    fc.assert(
      fc.property(chains, fc.nat(30), (chain, depth) => {
        const path = pathOf(chain);
        const branches = [TRUNK, ...chain.map(({ branch }) => branch)];
        const on = branches.filter((branch) => isOnPath(path, { branch, depth }));
        expect(on).toEqual([branchAt(path, depth)]);
      }),
    );
  });
});
