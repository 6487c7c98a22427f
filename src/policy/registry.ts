import type { DataClassId } from "./dataClasses.ts";

/*
 * [Note: Registry]
 * Every table has one entry here. Erasure deletes by it, the export and the overview of what is held read it, and the
 * privacy page is rendered from it; so what is erased, shown and promised cannot drift apart. Entries stand in the order
 * of erasure: keys first, so that content is unreadable before it is gone; children before parents; the account last. A
 * test compares the registry with the schema, and another takes out each entry in turn and expects erasure to fail.
 */

/** How a table's rows of one person are found: by the first field of an index, or with the rows of another table. */
export type Subject =
  | { by: "owner" | "workspace" | "identity"; index: string; field: string }
  /** Found by what `key` of a row of the table `through` says; deleted together with that row. */
  | { by: "parent"; through: string; key: string; index: string; field: string };

/** What erasure does with a person's rows. */
export type AtErasure =
  /** Deletes them; `shred` in the very first transaction, for keys. */
  | { act: "delete"; shred?: true }
  /** Keeps them as long as their data class says; `pseudonym` names the field that loses the identity. */
  | { act: "keep"; pseudonym?: string };

/** A table that holds data of persons. */
export interface PersonalTable {
  holds: DataClassId;
  subject: Subject;
  erasure: AtErasure;
  /** Whether a person's own export has it; false where it says nothing to them, or would be a key. */
  exported: boolean;
}

/** A table that erasure leaves alone, and why it may. */
export interface ExemptTable {
  exempt: string;
}

const DELETE = { act: "delete" } as const;
const SHRED = { act: "delete", shred: true } as const;
const byOwner = { by: "owner", index: "by_owner", field: "ownerId" } as const;
const byWorkspace = { by: "workspace", index: "by_workspace", field: "workspaceId" } as const;
const byTime = { by: "workspace", index: "by_time", field: "workspaceId" } as const;
const byIdentity = { by: "identity", index: "by_identity", field: "identityId" } as const;
const ofMessage = { by: "parent", through: "messages", key: "recordId", index: "by_reply", field: "r" } as const;

/** The tables that hold data of persons, in the order of erasure. See [Note: Registry]. */
export const PERSONAL_TABLES: Record<string, PersonalTable> = {
  userKeys: { holds: "keys", subject: byOwner, erasure: SHRED, exported: false },
  saltRatchets: { holds: "keys", subject: byOwner, erasure: SHRED, exported: false },
  generations: { holds: "chats", subject: byOwner, erasure: DELETE, exported: false },
  mediaJobs: { holds: "media", subject: byTime, erasure: DELETE, exported: true },
  deltas: { holds: "chats", subject: ofMessage, erasure: DELETE, exported: false },
  messages: { holds: "chats", subject: byTime, erasure: DELETE, exported: true },
  forks: { holds: "chats", subject: byWorkspace, erasure: DELETE, exported: true },
  branches: { holds: "chats", subject: byWorkspace, erasure: DELETE, exported: true },
  objects: { holds: "media", subject: byOwner, erasure: DELETE, exported: true },
  media: { holds: "media", subject: byTime, erasure: DELETE, exported: true },
  uploads: { holds: "media", subject: byOwner, erasure: DELETE, exported: false },
  mediaSessions: { holds: "sessions", subject: byOwner, erasure: DELETE, exported: false },
  exportPieces: { holds: "exports", subject: byOwner, erasure: DELETE, exported: false },
  exports: { holds: "exports", subject: byOwner, erasure: DELETE, exported: false },
  threadKeys: { holds: "keys", subject: byWorkspace, erasure: DELETE, exported: false },
  threads: {
    holds: "chats",
    subject: { by: "workspace", index: "by_activity", field: "workspaceId" },
    erasure: DELETE,
    exported: true,
  },
  usageEvents: { holds: "usage", subject: byOwner, erasure: DELETE, exported: true },
  imports: { holds: "account", subject: byOwner, erasure: DELETE, exported: false },
  earlierCredits: { holds: "usage", subject: byOwner, erasure: DELETE, exported: true },
  creditAlerts: { holds: "usage", subject: byOwner, erasure: DELETE, exported: false },
  creditEntries: { holds: "billing", subject: byOwner, erasure: { act: "keep" }, exported: true },
  subscriptions: {
    holds: "billing",
    subject: byIdentity,
    erasure: { act: "keep", pseudonym: "identityId" },
    exported: true,
  },
  consents: { holds: "choices", subject: byOwner, erasure: DELETE, exported: true },
  objections: { holds: "choices", subject: byOwner, erasure: DELETE, exported: true },
  privacyRequests: { holds: "choices", subject: byOwner, erasure: DELETE, exported: true },
  deletionReceipts: { holds: "proofs", subject: byOwner, erasure: DELETE, exported: true },
  webhookInbox: { holds: "webhooks", subject: byIdentity, erasure: DELETE, exported: true },
  memberships: {
    holds: "account",
    subject: { by: "owner", index: "by_user", field: "userId" },
    erasure: DELETE,
    exported: true,
  },
  workspaces: { holds: "account", subject: byOwner, erasure: DELETE, exported: true },
  users: { holds: "account", subject: byIdentity, erasure: DELETE, exported: true },
};

/** The tables that erasure leaves alone. */
export const EXEMPT_TABLES: Record<string, ExemptTable> = {
  objectDeletes: { exempt: "Names of objects about to be deleted, without a person; each row ends with its object." },
  orderReturns: {
    exempt:
      "Orders for pictures and videos that a provider is to delete, without a person; each row ends with its order.",
  },
  deletedObjects: { exempt: "Names of objects of an erasure, without a person, until they were looked for." },
  strayObjects: { exempt: "Names of objects that no row names, without a person; ends within two nights." },
  holdSweeps: { exempt: "One row with a time, for everyone." },
  webhookRefusals: { exempt: "Counts by day and reason, without a person." },
  erasureJobs: { exempt: "The erasure itself: its row is deleted in the transaction that completes it." },
  erasureReceipts: { exempt: "Proof that the duty to erase was met, under a keyed pseudonym; kept for 36 months." },
  retainedRecords: { exempt: "Until when billing records of an account that ended are kept, without an identity." },
  legalHolds: {
    exempt: "Orders of the law to keep an account or a chat; each row ends when it is lifted, and no erasure before.",
  },
  identityTombstones: {
    exempt: "A keyed pseudonym, so that nothing that comes late brings the person back; 13 months.",
  },
  erasureLedger: {
    exempt:
      "Keyed pseudonyms of what was deleted, and under such ones what people have decided, which chats are pinned and what a law wants kept, so that no backup brings back what was before; 35 days.",
  },
  identityLooks: {
    exempt:
      "One row while accounts are compared with the identity provider: ids of those not found, until its last page.",
  },
  identityInstances: { exempt: "Which instance of the identity provider this deployment belongs to; names nobody." },
};

/** What the components keep in tables of their own. */
export const COMPONENTS: Record<string, string> = {
  rateLimiter: "Counters by identity; reset when the person is erased.",
  mediaPool: "Ids of media jobs that are under way; ends with each job.",
};
