/** What credits add to a turn, counted document by document. */
import { beforeEach, expect, it } from "vitest";
import type { MutationCtx } from "../../convex/_generated/server.js";
import { placeHold, settleHold } from "../../convex/usage/holds.ts";
import { type Backend, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say } from "../support/chats.ts";
import { ownerOf } from "../support/credits.ts";

useBackendEnvironment();

const MOST_READ = 6;
const MOST_WRITTEN = 3;

let backend: Backend;

beforeEach(async () => {
  backend = startBackend();
  await say(await signedIn(backend), "A turn before");
});

interface Count {
  read: number;
  written: number;
}

/** The context's database, counting each document that is read and written through it. */
function counting(ctx: MutationCtx, count: Count): MutationCtx {
  const found = <Result>(result: Result): Result => {
    count.read += Array.isArray(result) ? result.length : result === null ? 0 : 1;
    return result;
  };
  const counted = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get: (_, name) => {
        const member = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          const result = member.apply(target, args);
          if (["insert", "patch", "replace", "delete"].includes(String(name))) count.written += 1;
          if (["get", "first", "unique", "take", "collect"].includes(String(name))) return result.then(found);
          return ["query", "withIndex", "order"].includes(String(name)) ? counted(result) : result;
        };
      },
    });
  return { ...ctx, db: counted(ctx.db) };
}

it(`a turn reads at most ${MOST_READ} documents more and writes at most ${MOST_WRITTEN}`, async () => {
  const ownerId = await ownerOf(backend);
  const count: Count = { read: 0, written: 0 };
  const subject = "reply:r1" as never;
  await backend.run(async (ctx) => {
    const user = await ctx.db.get("users", ownerId);
    if (!user) throw new Error("Nobody has signed in");
    await placeHold(counting(ctx, count), { user, subject, use: "chat", credits: 20, nowMs: Date.now() });
  });
  await backend.run(async (ctx) => {
    const used = {
      model: "small",
      amounts: { inputTokens: 5, outputTokens: 5 },
      source: "provider" as const,
      credits: 1,
    };
    expect(await settleHold(counting(ctx, count), { subject, used, nowMs: Date.now() })).toEqual({ credits: 1 });
  });
  console.log(`a turn: ${count.read} documents read, ${count.written} written`);
  // The sweep looks at each hold once, after its deadline: the hold and its end are two more.
  expect(count.read + 2).toBeLessThanOrEqual(MOST_READ);
  expect(count.written).toBeLessThanOrEqual(MOST_WRITTEN);
});
