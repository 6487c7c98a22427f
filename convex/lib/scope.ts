import type { Rules } from "convex-helpers/server/rowLevelSecurity";
import type { DataModel, Doc, Id } from "../_generated/dataModel.js";
import { ledgerSubject } from "../erasure/pseudonyms.ts";

/** Who is calling, as looked up in this very call. */
export interface Viewer {
  userId: Id<"users">;
  user: Doc<"users">;
  workspaceId: Id<"workspaces">;
  role: Doc<"memberships">["role"];
}

/*
 * [Note: Scoped data layer]
 * Public functions reach the database through these rules alone. A row of another workspace reads as if it did not
 * exist and cannot be written, and a table without rules is closed altogether. So a forgotten check in a public function
 * shows nothing of anyone else, and the loaders' `not_found` is the same for what is missing and what is not one's own.
 * Internal functions have no viewer; they take ids from rows that a public function or the scheduler led them to.
 */
type ScopeRules = Rules<{ viewer: Viewer }, DataModel>;

interface InWorkspace {
  workspaceId: Id<"workspaces">;
}

async function sameWorkspace({ viewer }: { viewer: Viewer }, row: InWorkspace): Promise<boolean> {
  return row.workspaceId === viewer.workspaceId;
}

async function sameOwner({ viewer }: { viewer: Viewer }, row: { ownerId?: Id<"users"> }): Promise<boolean> {
  return row.ownerId === viewer.userId;
}

async function sameIdentity({ viewer }: { viewer: Viewer }, row: { identityId?: string }): Promise<boolean> {
  return row.identityId === viewer.user.identityId;
}

async function ownChoicesAndPins({ viewer }: { viewer: Viewer }, row: Doc<"erasureLedger">): Promise<boolean> {
  return row.what === "pin" || row.subject === (await ledgerSubject("choices", viewer.user.identityId));
}

const everything = async () => true;
const ofWorkspace = { read: sameWorkspace, modify: sameWorkspace, insert: sameWorkspace };
const ofOwner = { read: sameOwner, modify: sameOwner };
const ofIdentity = { read: sameIdentity, modify: sameIdentity, insert: sameIdentity };

export const scopeRules: ScopeRules = {
  users: {
    read: async ({ viewer }, row) => row._id === viewer.userId,
    modify: async ({ viewer }, row) => row._id === viewer.userId,
  },
  userKeys: { read: sameOwner },
  saltRatchets: ofOwner,
  threadKeys: ofWorkspace,
  threads: ofWorkspace,
  branches: ofWorkspace,
  messages: ofWorkspace,
  forks: ofWorkspace,
  generations: { ...ofOwner, insert: sameOwner },
  media: ofWorkspace,
  objects: ofWorkspace,
  uploads: ofWorkspace,
  mediaSessions: { read: sameOwner, insert: sameOwner },
  mediaJobs: ofWorkspace,
  // A delta carries no workspace, to stay small. It is ciphertext that only the key of its thread opens, and that key's
  // row is scoped; and it is found only by the id of a reply, whose row is scoped too.
  deltas: { read: everything, modify: everything },
  creditEntries: { read: sameOwner, insert: sameOwner },
  usageEvents: { read: sameOwner, insert: sameOwner },
  subscriptions: ofIdentity,
  webhookInbox: { read: sameIdentity, modify: sameIdentity },
  consents: { read: sameOwner, insert: sameOwner },
  objections: { ...ofOwner, insert: sameOwner },
  exports: { read: sameOwner, insert: sameOwner },
  exportPieces: { read: sameOwner },
  privacyRequests: { read: sameOwner, insert: sameOwner },
  legalHolds: { read: sameOwner },
  deletionReceipts: { read: sameOwner, insert: sameOwner },
  // Names of objects that belong to nobody any more: written by whoever removes the last row that named them.
  objectDeletes: { insert: everything },
  // Orders that are over: written by whoever ends their jobs.
  orderReturns: { insert: everything },
  // Pseudonyms of what was deleted: written by whoever deletes it. What the viewer decided gives way to what they decide. A
  // pin says nothing of whose chat it is, and is found only by the id of the chat, whose row is scoped.
  erasureLedger: { read: ownChoicesAndPins, modify: ownChoicesAndPins, insert: everything },
};
