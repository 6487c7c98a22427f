import type { Command } from "./command.ts";
import { type Found, replayLedger } from "./ledger.ts";

/** Deletes again, in a database that was brought back from a backup, what was deleted since, and tells it what was decided. */
export const replay: Command = {
  name: "replay",
  synopsis: "replay <ledger file>",
  purpose: "finds what was deleted or decided since a restored backup was made; --apply does it again",
  details: [
    "Run it on a restored deployment before anybody is let in. The ledger is the file that receipts --out writes. Chats",
    "whose key the backup of keys does not have are deleted too. What was decided since comes into force: legal holds that",
    "were placed, reviewed or lifted, consents, objections, restrictions, closed and reopened accounts, pins of chats.",
    "npm run restore -- … --ledger FILE does this by itself.",
  ],
  run: async ({ deployment, subjects: [file], apply, print }) => {
    if (file === undefined) throw new Error("Which file? It is the one that receipts --out writes.");
    const found = await replayLedger(deployment, file, apply);
    for (const line of replayInWords(found, apply)) print(line);
    return 0;
  },
};

/** What a replay has found and, where `isDone`, done. */
export function replayInWords(found: Found, isDone: boolean): string[] {
  const { account, chat, file, choices, pin, accountHolds, chatHolds } = found;
  const [deleted, inForce] = isDone
    ? ["Deleted again", "In force again"]
    : ["To be deleted again", "To be in force again"];
  return [
    `${deleted}: accounts ${account}, chats ${chat}, files ${file}`,
    `${inForce}: what people decided ${choices}, pins ${pin}, legal holds of accounts ${accountHolds} and of chats ${chatHolds}`,
  ];
}
