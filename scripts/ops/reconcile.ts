import { internal } from "../../convex/_generated/api.js";
import { Progress } from "../progress.ts";
import type { Command } from "./command.ts";

/** Compares all accounts with the identity provider's users. */
export const reconcile: Command = {
  name: "reconcile",
  synopsis: "reconcile",
  purpose: "compares all accounts with the identity provider; --apply begins the look that erases those who are gone",
  details: [
    "Without --apply it counts accounts whose person the provider does not find. With it, the nightly look begins now: an",
    "hour later each of them is asked for alone, and only a second answer that they are gone begins an erasure. More of",
    "them than the brake allows are not believed, nor is another instance of the provider than the one first met.",
  ],
  run: async ({ deployment, apply, print }) => {
    const progress = new Progress("accounts compared");
    const totals = { accounts: 0, absent: 0 };
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await deployment.call(internal.erasure.identity.compare, { cursor: cursor ?? null });
      if (!page) throw new Error("The identity provider does not answer, or is another one than was first met.");
      totals.accounts += page.accounts;
      totals.absent += page.absent.length;
      cursor = page.cursor;
      progress.reached(totals.accounts);
    }
    progress.end();
    const brake = await deployment.call(internal.erasure.reconciliation.brake, { accounts: totals.accounts });
    print(
      `Accounts: ${totals.accounts}, not found at the identity provider: ${totals.absent}, believed at most: ${brake}`,
    );
    if (apply) await deployment.call(internal.erasure.reconciliation.begin, {});
    return totals.absent > brake ? 1 : 0;
  },
};
