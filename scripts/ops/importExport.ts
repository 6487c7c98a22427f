import { randomUUID } from "node:crypto";
import { internal } from "../../convex/_generated/api.js";
import type { Command } from "./command.ts";
import { importArchive } from "./importing.ts";
import { openPersonArchive, type PersonArchive } from "./personArchive.ts";

/** Brings the archive that somebody took with them into an empty account. */
export const importExport: Command = {
  name: "import-export",
  synopsis: "import-export <archive.zip> --user <identity id>",
  purpose: "verifies an archive of a person; --apply brings it into their account, which must be empty",
  details: [
    "The person signs in once before, so that there is an account with keys. Chats come with their branches, alternatives,",
    "pins and files, the library, orders, usage, choices, name and settings; the ledger comes as history and changes no",
    "balance. What another deployment or its providers recorded stays out: subscription, requests, webhooks, receipts.",
    "A file is compared with the archive's SHA-256 before anything is written. Chats past their period begin a new one.",
    "Where it is cut off, run it again: it goes on, and nothing is there twice, nor again what was deleted meanwhile. Until",
    "then no other archive is taken.",
  ],
  run: async ({ deployment, subjects: [file], user: identityId, apply, print }) => {
    if (file === undefined || identityId === undefined) throw new Error("Which archive, and whose? See --help.");
    const archive = await openPersonArchive(file);
    try {
      const target = await deployment.call(internal.imports.owner.find, { identityId, archive: archive.digest });
      print(`The archive is whole, and ${target.isBegun ? "was begun to be brought over" : "the account is empty"}.`);
      for (const name of archive.missing) print(`${name} was missing when the archive was written`);
      if (!apply) return 0;
      const { counts } = await importArchive({ deployment, archive, target, importId: randomUUID() });
      const list = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
      print(`Brought over: ${list.join(", ")}`);
      for await (const line of leftOut(archive)) print(line);
      return 0;
    } finally {
      archive.close();
    }
  },
};

/** What another deployment or its providers recorded and no import takes over, where the archive has some. */
async function* leftOut(archive: PersonArchive): AsyncGenerator<string> {
  for (const section of ["webhooks", "receipts"] as const) {
    let count = 0;
    for await (const _ of archive.rows(section)) count += 1;
    if (count > 0) yield `Left out, as what another deployment recorded: ${section} ${count}`;
  }
  for await (const { subscription, requests } of archive.rows("account")) {
    if (subscription) yield "Left out, as what another deployment recorded: the subscription";
    const count = Array.isArray(requests) ? requests.length : 0;
    if (count > 0) yield `Left out, as what another deployment recorded: requests ${count}`;
  }
}
