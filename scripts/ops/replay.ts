import type { Command } from "./command.ts";
import { replayLedger } from "./ledger.ts";

/** Deletes again, in a database that was brought back from a backup, what was deleted since. */
export const replay: Command = {
  name: "replay",
  synopsis: "replay <ledger file>",
  purpose: "finds what the ledger says was deleted in a restored database; --apply deletes it again",
  details: [
    "Run it on a restored deployment before anybody is let in. The ledger is the file that receipts --out writes. Chats",
    "whose key the backup of keys does not have are deleted too. npm run restore -- … --ledger FILE does this by itself.",
  ],
  run: async ({ deployment, subjects: [file], apply, print }) => {
    if (file === undefined) throw new Error("Which file? It is the one that receipts --out writes.");
    const { account, chat, file: files } = await replayLedger(deployment, file, apply);
    const found = `accounts ${account}, chats ${chat}, files ${files}`;
    print(apply ? `Deleted again: ${found}` : `To be deleted again: ${found}`);
    return 0;
  },
};
