import { internal } from "../../convex/_generated/api.js";
import type { Difference } from "../../convex/usage/reconciling.ts";
import type { Command, Run } from "./command.ts";

/** Recomputes every balance from its entries; exits 1 while any differs. */
export const usageReconcile: Command = {
  name: "usage-reconcile",
  synopsis: "usage-reconcile",
  purpose: "recomputes every balance from its entries; --apply mends those that differ",
  run: async (run) => {
    const differences: Difference[] = [];
    const totals = { accounts: 0, entries: 0 };
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await run.deployment.call(internal.usage.reconciling.reconcilePage, { cursor: cursor ?? null });
      differences.push(...page.differences);
      totals.accounts += page.accounts;
      totals.entries += page.entries;
      cursor = page.next;
    }
    run.print(`${totals.accounts} accounts, ${totals.entries} entries, ${differences.length} differences`);
    let open = 0;
    for (const difference of differences) if (!(await mend(run, difference))) open += 1;
    return open === 0 ? 0 : 1;
  },
};

async function mend({ deployment, apply, print }: Run, difference: Difference): Promise<boolean> {
  const { ownerId, carried, added } = difference;
  print(`${ownerId}: carries ${JSON.stringify(carried)}, its entries add up to ${JSON.stringify(added)}`);
  if (!apply) return false;
  const mended = await deployment.call(internal.usage.reconciling.mend, { difference });
  print(mended ? `${ownerId}: mended` : `${ownerId}: was used meanwhile; run this again`);
  return mended;
}
