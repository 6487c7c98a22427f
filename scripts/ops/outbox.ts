import type { FunctionReturnType } from "convex/server";
import { internal } from "../../convex/_generated/api.js";
import type { Command } from "./command.ts";
import { ageInWords, countInWords } from "./words.ts";

/** Says what the outboxes for bytes and for orders hold; exits 1 while something is not confirmed. */
export const outbox: Command = {
  name: "outbox",
  synopsis: "outbox",
  purpose: "the files and orders that wait to be deleted in the bucket and at providers; --apply tries now",
  details: ["Exits with 1 while there is something that was not confirmed after ten tries."],
  run: async ({ deployment, apply, print }) => {
    const files = await deployment.call(internal.media.deletes.state, {});
    const orders = await deployment.call(internal.media.returns.state, {});
    for (const line of [...inWords("Files", files), ...inWords("Orders", orders)]) print(line);
    if (apply) await deployment.call(internal.media.deletes.kick, {});
    if (apply) await deployment.call(internal.media.returns.kick, {});
    return files.stuck + orders.stuck === 0 ? 0 : 1;
  },
};

type Outbox = FunctionReturnType<typeof internal.media.deletes.state>;

function inWords(what: string, { waiting, oldestAskedAt, stuck }: Outbox): string[] {
  const counted = `${what} that wait: ${countInWords(waiting)}, tried ten times or more: ${stuck}`;
  if (oldestAskedAt === null) return [counted];
  return [counted, `The oldest has waited for ${ageInWords(Date.now() - oldestAskedAt)}`];
}
