/**
 * How the backend behaves, whatever runs it. The suite asks through `Target`, and is run against convex-test and against
 * the embedded runtime: where the two differ, one of them is wrong.
 */
import { randomUUID } from "node:crypto";
import type { FunctionReference, FunctionReturnType, OptionalRestArgs } from "convex/server";
import { ConvexError } from "convex/values";
import { beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";

/** A client of one person. */
export interface Caller {
  query<F extends FunctionReference<"query">>(fn: F, ...args: OptionalRestArgs<F>): Promise<FunctionReturnType<F>>;
  mutation<F extends FunctionReference<"mutation">>(
    fn: F,
    ...args: OptionalRestArgs<F>
  ): Promise<FunctionReturnType<F>>;
  action<F extends FunctionReference<"action">>(fn: F, ...args: OptionalRestArgs<F>): Promise<FunctionReturnType<F>>;
}

export interface Target {
  /** Somebody who is not signed in. */
  stranger(): Promise<Caller>;
  /** Somebody who shows a valid token; whether they have an account is up to them. */
  person(email: string): Promise<Caller>;
}

/** The whole first page of a list. */
const FIRST_PAGE = { numItems: 50, cursor: null };

/** Runs the suite against a target, which is made once. The models it reaches must answer at once. */
export function describeBehaviour(name: string, startTarget: () => Promise<Target>): void {
  describe(`the backend on ${name}`, () => {
    let target: Target;
    let people = 0;
    beforeAll(async () => {
      target = await startTarget();
    });

    /** A new person with an account. */
    async function newPerson(): Promise<Caller> {
      people += 1;
      const caller = await target.person(`person-${people}@example.com`);
      await caller.action(api.account.signIn, {});
      return caller;
    }

    async function chat(caller: Caller, text: string, threadId?: string) {
      const sent = await caller.mutation(api.messages.send, { requestId: randomUUID(), text, threadId });
      await caller.action(api.messages.generate, { replyId: sent.replyId });
      return sent;
    }

    async function texts(caller: Caller, threadId: string): Promise<string[]> {
      const { page } = await caller.query(api.messages.list, { threadId, paginationOpts: FIRST_PAGE });
      return page.map(({ role, state, text }) => `${role} ${state}: ${text}`);
    }

    test("somebody unknown has no account, and is refused everything else", async () => {
      const stranger = await target.stranger();
      expect(await stranger.query(api.account.me, {})).toBeNull();
      expect(await codeOf(stranger.query(api.models.list, {}))).toBe("unauthenticated");
      expect(await codeOf(stranger.action(api.account.signIn, {}))).toBe("unauthenticated");
    });

    test("signing in makes an account once, however often and however many at once", async () => {
      const caller = await target.person("eager@example.com");
      expect(await caller.query(api.account.me, {})).toBeNull();
      const results = await Promise.all([1, 2, 3].map(() => caller.action(api.account.signIn, {})));
      results.push(await caller.action(api.account.signIn, {}));
      expect(new Set(results.map(({ userId }) => userId)).size).toBe(1);
      expect(await caller.query(api.account.me, {})).toMatchObject({ userId: results[0]?.userId, state: "live" });
    });

    test("a name and settings can be changed, and what is left out stays", async () => {
      const caller = await newPerson();
      await caller.mutation(api.account.update, { name: "  Ada  " });
      await caller.mutation(api.account.update, { settings: { theme: "dark" } });
      expect(await caller.query(api.account.me, {})).toMatchObject({ name: "Ada", settings: { theme: "dark" } });
      expect(await codeOf(caller.mutation(api.account.update, { name: " " }))).toBe("invalid");
    });

    test("a message gets a reply, and both are found again, newest first", async () => {
      const caller = await newPerson();
      const { threadId } = await chat(caller, "Why is the sky blue?");
      const [reply, question] = await texts(caller, threadId);
      expect(question).toBe("user complete: Why is the sky blue?");
      expect(reply).toMatch(/^assistant complete: .{20,}/s);
    });

    test("the same request again gives the same result and stores nothing", async () => {
      const caller = await newPerson();
      const request = { requestId: randomUUID(), text: "Only once" };
      const first = await caller.mutation(api.messages.send, request);
      expect(await caller.mutation(api.messages.send, request)).toEqual(first);
      expect(await texts(caller, first.threadId)).toHaveLength(2);
    });

    test("a reply is produced by one caller; a second is told so at once", async () => {
      const caller = await newPerson();
      const { replyId } = await caller.mutation(api.messages.send, { requestId: randomUUID(), text: "Who answers?" });
      const claims = await Promise.all([1, 2].map(() => caller.action(api.messages.generate, { replyId })));
      expect(claims.map(({ claimed }) => claimed).toSorted()).toEqual([false, true]);
    });

    test("a reply can be stopped before it begins, and stays so", async () => {
      const caller = await newPerson();
      const sent = await caller.mutation(api.messages.send, { requestId: randomUUID(), text: "Never mind" });
      await caller.mutation(api.messages.stop, { messageId: sent.replyId });
      await caller.mutation(api.messages.stop, { messageId: sent.replyId });
      expect(await caller.action(api.messages.generate, { replyId: sent.replyId })).toEqual({ claimed: false });
      expect((await texts(caller, sent.threadId))[0]).toBe("assistant stopped: ");
    });

    test("editing keeps what was said before, as an alternative that can be shown again", async () => {
      const caller = await newPerson();
      const sent = await chat(caller, "First thought");
      const edited = await caller.mutation(api.messages.edit, { messageId: sent.messageId, text: "Second thought" });
      expect((await texts(caller, sent.threadId))[1]).toBe("user complete: Second thought");
      expect(edited.threadId).toBe(sent.threadId);
      await caller.mutation(api.messages.select, { messageId: sent.messageId });
      expect((await texts(caller, sent.threadId))[1]).toBe("user complete: First thought");
    });

    test("a message must have between 1 and 32,000 characters", async () => {
      const caller = await newPerson();
      const send = (text: string) => caller.mutation(api.messages.send, { requestId: randomUUID(), text });
      expect(await codeOf(send(""))).toBe("invalid");
      expect(await codeOf(send(" \n "))).toBe("invalid");
      expect(await codeOf(send("x".repeat(32_001)))).toBe("invalid");
      const { threadId } = await send("😀".repeat(32_000));
      expect((await texts(caller, threadId))[1]).toBe(`user complete: ${"😀".repeat(32_000)}`);
    });

    test("chats can be renamed, pinned and listed, and removed for good", async () => {
      const caller = await newPerson();
      const { threadId } = await chat(caller, "A chat to keep");
      await caller.mutation(api.threads.rename, { threadId, title: "Kept" });
      await caller.mutation(api.threads.setPinned, { threadId, pinned: true });
      const pinned = await caller.query(api.threads.list, { view: "pinned", paginationOpts: FIRST_PAGE });
      expect(pinned.page).toMatchObject([{ _id: threadId, title: "Kept", pinned: true, deletesAt: null }]);
      await caller.mutation(api.threads.remove, { threadId });
      expect(await codeOf(caller.query(api.threads.get, { threadId }))).toBe("not_found");
      expect(await codeOf(caller.query(api.messages.list, { threadId, paginationOpts: FIRST_PAGE }))).toBe("not_found");
      expect((await caller.query(api.threads.list, { view: "recent", paginationOpts: FIRST_PAGE })).page).toEqual([]);
    });

    test("pages follow each other without a gap or an overlap", async () => {
      const caller = await newPerson();
      const sent: string[] = [];
      for (let index = 0; index < 7; index += 1) {
        const request = { requestId: randomUUID(), text: `Chat ${index}` };
        sent.push((await caller.mutation(api.messages.send, request)).threadId);
      }
      const listed: string[] = [];
      for (let cursor: string | null = null, isDone = false; !isDone; ) {
        const paginationOpts: { numItems: number; cursor: string | null } = { numItems: 3, cursor };
        const result = await caller.query(api.threads.list, { view: "recent", paginationOpts });
        listed.push(...result.page.map(({ _id }) => _id));
        ({ continueCursor: cursor, isDone } = result);
      }
      expect(listed).toEqual(sent.toReversed());
    });

    test("search finds one's own words, whatever their case, and nobody else's", async () => {
      const [ada, bob] = await Promise.all([newPerson(), newPerson()]);
      await chat(ada, "The Thistledown Observatory opens at nine");
      await chat(bob, "Nothing to see here");
      const found = await ada.action(api.threads.search, { query: "thistledown" });
      expect(JSON.stringify(found)).toContain("Thistledown Observatory");
      expect(JSON.stringify(await bob.action(api.threads.search, { query: "thistledown" }))).not.toContain(
        "Observatory",
      );
    });

    test("what belongs to somebody else does not exist", async () => {
      const [ada, bob] = await Promise.all([newPerson(), newPerson()]);
      const { threadId, messageId, replyId } = await chat(ada, "Mine alone");
      expect(await codeOf(bob.query(api.threads.get, { threadId }))).toBe("not_found");
      expect(await codeOf(bob.query(api.messages.deltas, { replyId, page: 0 }))).toBe("not_found");
      expect(await codeOf(bob.mutation(api.messages.edit, { messageId, text: "Not mine" }))).toBe("not_found");
      expect(await codeOf(bob.mutation(api.threads.remove, { threadId }))).toBe("not_found");
      expect((await texts(ada, threadId))[1]).toBe("user complete: Mine alone");
    });

    test("arguments that a function does not declare are refused before it runs", async () => {
      const caller = await newPerson();
      const surprising = { view: "recent", paginationOpts: FIRST_PAGE, surprise: true } as never;
      await expect(caller.query(api.threads.list, surprising)).rejects.toThrow(/surprise/);
    });
  });
}

/** The code of the refusal a call ends with; fails when it succeeds or breaks in another way. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  if (!(outcome instanceof ConvexError))
    throw new Error(`Expected a refusal, got ${JSON.stringify(outcome)}`, { cause: outcome });
  return (outcome.data as { code: string }).code;
}
