import { defineTable } from "convex/server";
import { v } from "convex/values";
import { storedObjectFields } from "../media/schema.ts";

/** The parts of an archive, in the order in which they are written. See docs/export.md. */
export const EXPORT_SECTIONS = [
  "account",
  "consents",
  "threads",
  "messages",
  "media",
  "files",
  "jobs",
  "credits",
  "usage",
  "webhooks",
  "receipts",
  "history",
] as const;

/** Where the writing of an archive goes on. */
export const vPlace = v.object({
  section: v.union(...EXPORT_SECTIONS.map((name) => v.literal(name))),
  /** Numbers the pages of a section from 1. */
  page: v.number(),
  cursor: v.union(v.string(), v.null()),
});

export const exportTables = {
  // An archive of all that a person has, from the moment they ask for it. Written by `privacy:export` and each step of the
  // writing, read by `privacy:exports` and by serving. Deleted, with its pieces, seven days after it is ready.
  exports: defineTable({
    workspaceId: v.id("workspaces"),
    ownerId: v.id("users"),
    state: v.union(v.literal("building"), v.literal("ready"), v.literal("failed")),
    /** How many pieces there are. A step that would write another one than the next is late. */
    pieces: v.number(),
    /** Where the next piece goes on; null once all is written. */
    place: v.union(vPlace, v.null()),
    contentBytes: v.number(),
    /** Tries of the present piece. */
    attempts: v.number(),
    requestedAt: v.number(),
    changedAt: v.number(),
    /** When it is deleted, once it has ended. */
    expiresAt: v.optional(v.number()),
  })
    .index("by_owner", ["ownerId", "requestedAt"])
    .index("by_state", ["state", "changedAt"])
    .index("by_expiry", ["expiresAt"]),

  // A piece of an archive: a sealed object, with what the archive's directory says of the entries in it, sealed too. The
  // content of all pieces, one behind the other, is the archive. Written by a step, never changed, read by serving and by
  // the last step. Ends with its archive: the transaction that deletes it notes its key in `objectDeletes`.
  exportPieces: defineTable({
    ownerId: v.id("users"),
    exportId: v.id("exports"),
    /** Where it begins in the archive. */
    fromByte: v.number(),
    /** What is in it, sealed: checksums would let somebody who has a file see that the person has it too. */
    sealedListing: v.bytes(),
    ...storedObjectFields,
  })
    .index("by_export", ["exportId", "fromByte"])
    .index("by_owner", ["ownerId"])
    .index("by_key", ["key"]),
};
