import { type Infer, v } from "convex/values";
import { deletesAt } from "../../src/policy/retention.ts";
import type { Doc } from "../_generated/dataModel.js";
import { Vault } from "../encryption/vault.ts";
import type { ViewerQueryCtx } from "../lib/functions.ts";
import { vOpenState } from "./schema.ts";
import { openTitle } from "./titles.ts";

/** A chat as the page gets it. */
export const vThread = v.object({
  _id: v.id("threads"),
  title: v.string(),
  pinned: v.boolean(),
  lastActivityAt: v.number(),
  /** When it is deleted if nothing happens; null while it is pinned. */
  deletesAt: v.union(v.number(), v.null()),
  state: vOpenState,
});

/** Opens the titles of live threads. A thread whose key is gone is left out, as if it were deleted already. */
export async function presentThreads(ctx: ViewerQueryCtx, threads: Doc<"threads">[]): Promise<Infer<typeof vThread>[]> {
  const vault = new Vault(ctx.db);
  const presented = await Promise.all(
    threads.map(async (thread) => {
      const seal = await vault.sealOf({ ownerId: thread.ownerId, threadId: thread._id });
      if (!seal) return [];
      const { _id, pinned, lastActivityAt } = thread;
      const title = await openTitle(seal, thread);
      const state = thread.state === "temporary" ? ("temporary" as const) : ("live" as const);
      return [{ _id, title, pinned, lastActivityAt, deletesAt: deletesAt(thread), state }];
    }),
  );
  return presented.flat();
}
