import type { FunctionReturnType } from "convex/server";
import { api } from "../../../convex/_generated/api.js";

export { api };

/** The signed-in person, as `account:me` describes them. */
export type Account = NonNullable<FunctionReturnType<typeof api.account.me>>;
/** One line of the thread list. */
export type Thread = FunctionReturnType<typeof api.threads.list>["page"][number];
/** One message of a thread, a person's or a model's. */
export type Message = FunctionReturnType<typeof api.messages.list>["page"][number];
/** One entry of the credit ledger. */
export type LedgerEntry = FunctionReturnType<typeof api.usage.history>["page"][number];
/** What one day cost, and on what. Its day begins at midnight UTC. */
export type UsageDay = FunctionReturnType<typeof api.usage.byDay>[number];
/** One model of the catalogue. */
export type Model = FunctionReturnType<typeof api.models.list>[number];
