import { defineTable } from "convex/server";
import { v } from "convex/values";

export const importTables = {
  // One row for each archive that is being brought into an account, so that what was cut off goes on. Written by the
  // operator's command, read by it. Deleted when all of the archive is there, or with the account. See [Note: Imports].
  imports: defineTable({
    ownerId: v.id("users"),
    /** The SHA-256 of the archive's manifest, which has that of everything else. */
    archive: v.string(),
    /** Drawn when it began: with a row's old id it makes the name under which the row is sealed. */
    importId: v.string(),
    /** How many pages of each kind are written, of files one a page: what of them is not there any more was deleted. */
    written: v.object({
      threads: v.number(),
      media: v.number(),
      jobs: v.number(),
      messages: v.number(),
      records: v.number(),
    }),
    startedAt: v.number(),
  }).index("by_owner", ["ownerId"]),
};
