import { internal } from "../../convex/_generated/api.js";
import { Progress } from "../progress.ts";
import type { Command } from "./command.ts";
import { copyLedger } from "./ledger.ts";
import { timeInWords } from "./words.ts";

/** Lists the receipts of erased accounts and verifies their chain; exits 1 where one is not as it was written. */
export const receipts: Command = {
  name: "receipts",
  synopsis: "receipts [number]",
  purpose: "the receipts of erased accounts after a number, verified by MAC and chain",
  isReport: true,
  details: [
    "Exits with 1 where one was changed, or one is missing between others.",
    "",
    "--out FILE   appends to FILE what was deleted since the last time, as pseudonyms: accounts, chats and files, and what",
    "             people decided, pinned and what is held. Keep it on another machine, run this every hour, and give it to",
    "             the restore: nothing deleted comes back then. A new FILE has all that is newer than any backup.",
  ],
  run: async ({ deployment, subjects: [first = "0"], out, print }) => {
    if (out !== undefined) {
      print(`Entries appended to ${out}: ${await copyLedger(deployment, out)}`);
      return 0;
    }
    const progress = new Progress("receipts verified");
    let after = numberOf(first);
    let broken = 0;
    let total = 0;
    for (;;) {
      const page = await deployment.call(internal.erasure.receipts.check, { after });
      for (const { seq, subject, completedAt, intact } of page) {
        print(`${seq} ${timeInWords(completedAt)} ${subject} ${intact ? "intact" : "BROKEN"}`);
        if (!intact) broken += 1;
      }
      const last = page.at(-1);
      if (!last) break;
      total += page.length;
      after = last.seq;
      progress.reached(total);
    }
    progress.end();
    print(`Receipts: ${total}, broken: ${broken}`);
    return broken === 0 ? 0 : 1;
  },
};

function numberOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${text} is no number of a receipt.`);
  return Number(text);
}
