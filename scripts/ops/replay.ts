import type { Command } from "./command.ts";
import { replayLedger } from "./ledger.ts";

/** Deletes again, in a database that was brought back from a backup, what was deleted since, and tells it what was decided. */
export const replay: Command = {
  name: "replay",
  synopsis: "replay <ledger file>",
  purpose: "finds what was deleted or decided since a restored backup was made; --apply does it again",
  details: [
    "Run it on a restored deployment before anybody is let in. The ledger is the file that receipts --out writes. Chats",
    "whose key the backup of keys does not have are deleted too. What people decided since comes into force: consents,",
    "objections, restrictions, closed and reopened accounts, pins of chats. npm run restore -- … --ledger FILE does this by itself.",
  ],
  run: async ({ deployment, subjects: [file], apply, print }) => {
    if (file === undefined) throw new Error("Which file? It is the one that receipts --out writes.");
    const { account, chat, file: files, choices, pin } = await replayLedger(deployment, file, apply);
    const found = `accounts ${account}, chats ${chat}, files ${files}`;
    print(apply ? `Deleted again: ${found}` : `To be deleted again: ${found}`);
    print(`People whose decisions ${apply ? "" : "are to "}hold again: ${choices}, chats whose pins do: ${pin}`);
    return 0;
  },
};
