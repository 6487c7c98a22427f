import type { Doc, Id } from "../../convex/_generated/dataModel.js";
import { EMPTY, readStanding as openStanding, replayed, type Standing } from "../../convex/usage/ledger.ts";
import type { Backend } from "./backend.ts";

/** All entries of the one person there is, oldest first. */
export function readEntries(backend: Backend): Promise<Doc<"creditEntries">[]> {
  return backend.run((ctx) => ctx.db.query("creditEntries").withIndex("by_owner").collect());
}

/** How the account stands, after checking that its entries add up to it. Throws where they do not. */
export async function readStanding(backend: Backend): Promise<Standing> {
  const entries = await readEntries(backend);
  const added = entries.reduce(replayed, EMPTY);
  const carried = openStanding(entries.at(-1)?.after ?? EMPTY);
  if (JSON.stringify(sorted(added)) !== JSON.stringify(sorted(carried))) {
    throw new Error(`The entries add up to ${JSON.stringify(added)}, not ${JSON.stringify(carried)}`);
  }
  return carried;
}

/** Makes the account of the one person there is hold exactly that many credits. */
export async function setBalance(backend: Backend, balance: number): Promise<void> {
  await backend.run(async (ctx) => {
    const newest = await ctx.db.query("creditEntries").withIndex("by_owner").order("desc").first();
    if (!newest) throw new Error("There is no account yet");
    const { _id, _creationTime, ...entry } = newest;
    const after = { ...entry.after, balance, bought: Math.min(entry.after.bought, balance) };
    const credits = balance - entry.after.balance;
    await ctx.db.insert("creditEntries", {
      ...entry,
      ...{ key: `test:${entry.seq}`, kind: "expire", reason: "period_end", use: undefined, deadlineAt: undefined },
      ...{ credits, held: 0, seq: entry.seq + 1, after },
    });
  });
}

/** The id of the one person there is. */
export async function ownerOf(backend: Backend): Promise<Id<"users">> {
  const user = await backend.run((ctx) => ctx.db.query("users").first());
  if (!user) throw new Error("Nobody has signed in");
  return user._id;
}

function sorted(standing: Standing): [string, number][] {
  return Object.entries(standing).sort(([a], [b]) => (a < b ? -1 : 1));
}
