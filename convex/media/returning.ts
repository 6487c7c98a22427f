"use node";

import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import { internalAction } from "../_generated/server.js";
import { openProvider } from "./providers/providers.ts";
import type { Return } from "./returns.ts";

/**
 * Gives back the orders that are due, page by page: ends them at their providers where they are under way, and has those
 * delete what they hold. What was not confirmed comes round again: see [Note: Outbox for orders].
 */
export const giveBack = internalAction({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    for (;;) {
      const due = await ctx.runMutation(internal.media.returns.lease, {});
      if (due.length === 0) return null;
      const asked = await Promise.all(due.map(async (order) => ({ id: order.id, isGone: await isGivenBack(order) })));
      await ctx.runMutation(internal.media.returns.confirm, { asked });
    }
  },
});

/** Whether the provider has confirmed that it holds nothing of an order any more, as far as its API allows. */
async function isGivenBack({ kind, provider: name, operation, underWay }: Return): Promise<boolean> {
  try {
    const { provider } = openProvider(kind, name);
    if (underWay) await provider.cancel(operation);
    await provider.forget(operation);
    return true;
  } catch (error) {
    console.error(error);
    return false;
  }
}
