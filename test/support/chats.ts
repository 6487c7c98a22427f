import { api } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import type { Backend, Person } from "./backend.ts";

/** Sends a message; the reply to it stays empty until the test ends it. */
export function send(person: Person, text: string, threadId?: Id<"threads">) {
  return person.mutation(api.messages.send, { requestId: crypto.randomUUID(), text, threadId });
}

/** Sends a message and stops the reply at once: a finished turn without a provider. */
export async function say(person: Person, text: string, threadId?: Id<"threads">) {
  const sent = await send(person, text, threadId);
  await person.mutation(api.messages.stop, { messageId: sent.replyId });
  return sent;
}

/** Everything in the database, as text in which plaintext would show. */
export async function dump(backend: Backend): Promise<string> {
  const tables = await readAll(backend);
  return JSON.stringify(tables, (_key, value) =>
    value instanceof ArrayBuffer ? Buffer.from(value).toString("latin1") : value,
  );
}

/** How many rows each table of content holds; tables without rows are left out. */
export async function countContent(backend: Backend): Promise<Record<string, number>> {
  const tables = await readAll(backend);
  return Object.fromEntries(
    Object.entries(tables).flatMap(([name, rows]) => (rows.length ? [[name, rows.length]] : [])),
  );
}

function readAll(backend: Backend): Promise<Record<string, unknown[]>> {
  const names = ["threads", "threadKeys", "branches", "messages", "forks", "generations", "deltas"] as const;
  return backend.run(async (ctx) => {
    const rows = await Promise.all(names.map((name) => ctx.db.query(name).collect()));
    return Object.fromEntries(names.map((name, index) => [name, rows[index] ?? []]));
  });
}
