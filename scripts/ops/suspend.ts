import { internal } from "../../convex/_generated/api.js";
import type { Command } from "./command.ts";

/** Keeps an account from spending, or lets it spend again. */
export const suspend: Command = {
  name: "suspend",
  synopsis: "suspend <identity id> [--lift]",
  purpose: "keeps a person from spending credits: they still sign in, read, export and erase",
  run: async ({ deployment, subjects, apply, lift, print }) => {
    const [identityId] = subjects;
    if (identityId === undefined) throw new Error("Whom? The id is the identity provider's, such as user_2abc.");
    const change = { identityId, suspended: !lift, apply };
    const changed = await deployment.call(internal.account.suspending.setSuspended, change);
    if (!changed) throw new Error(`Nobody has the id ${identityId} here.`);
    print(`${identityId}: ${said(changed.before)} → ${said(changed.after)}`);
    return 0;
  },
};

function said(suspendedAt: number | null): string {
  return suspendedAt === null ? "may spend" : `suspended since ${new Date(suspendedAt).toISOString()}`;
}
