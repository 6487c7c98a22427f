import {
  BACKUP_MS,
  BILLING_YEARS,
  CLOSURE_GRACE_MS,
  EXPORT_MS,
  FAILED_JOB_MS,
  LEDGER_MS,
  LOOSE_UPLOAD_MS,
  MEDIA_SESSION_MS,
  RECEIPT_MS,
  TEMPORARY_THREAD_MS,
  TOMBSTONE_MS,
  UNPINNED_THREAD_MS,
  WEBHOOK_MS,
} from "./periods.ts";
import { REQUEST_MS } from "./rights.ts";

/** Why data may be kept, by article 6 of the General Data Protection Regulation. */
export const LEGAL_BASES = {
  contract: "to provide the service you asked for (Art. 6(1)(b) GDPR)",
  duty: "because the law requires it (Art. 6(1)(c) GDPR)",
  interest: "because of a legitimate interest (Art. 6(1)(f) GDPR)",
  consent: "with your consent (Art. 6(1)(a) GDPR)",
} as const;

export type LegalBasis = keyof typeof LEGAL_BASES;

/** How long something is kept, from when on, and what happens then. */
export interface RetentionRule {
  what: string;
  /** In milliseconds, in full years after the year's end, or as long as something lasts. */
  period: { ms: number } | { fullYears: number } | { until: string };
  /** When the clock starts. */
  from: string;
  atEnd: string;
}

/** A kind of data that is kept about people. */
export interface DataClass {
  label: string;
  /** What it is, in the words of someone it is about. */
  description: string;
  basis: LegalBasis;
  /** Why, where the basis is a legal duty or a legitimate interest. */
  purpose?: string;
  /** The categories of California's Consumer Privacy Act it falls under. */
  california: string;
  rules: readonly RetentionRule[];
}

const WITH_ACCOUNT: RetentionRule = {
  what: "As long as the account lives",
  period: { ms: CLOSURE_GRACE_MS },
  from: "the closing of the account; at once where you erase it instead",
  atEnd: "deleted",
};

/** The kinds of data there are. */
export const DATA_CLASSES = {
  account: {
    label: "Account",
    description: "Your name, your settings, the id your sign-in provider knows you by, and your workspace.",
    basis: "contract",
    california: "Identifiers",
    rules: [WITH_ACCOUNT],
  },
  keys: {
    label: "Keys",
    description: "Wrapped keys, without which nothing you wrote can be read.",
    basis: "contract",
    california: "None: keys tell nothing about a person",
    rules: [
      { ...WITH_ACCOUNT, atEnd: "deleted first, in the transaction that begins the erasure" },
      {
        what: "The key of one chat",
        period: { until: "the chat is deleted" },
        from: "the chat's start",
        atEnd: "deleted with it",
      },
    ],
  },
  chats: {
    label: "Chats",
    description: "Titles, messages and replies, encrypted with a key of yours; times, models and sizes in clear.",
    basis: "contract",
    california: "Internet or other electronic network activity",
    rules: [
      {
        what: "A chat that is not pinned",
        period: { ms: UNPINNED_THREAD_MS },
        from: "its last message or its unpinning, whichever is later",
        atEnd: "its key is deleted, then its messages and files",
      },
      {
        what: "A pinned chat",
        period: { until: "you unpin or delete it" },
        from: "its pinning",
        atEnd: "as any other chat",
      },
      {
        what: "A temporary chat, if you do not leave it before",
        period: { ms: TEMPORARY_THREAD_MS },
        from: "its beginning",
        atEnd: "as any other chat",
      },
    ],
  },
  media: {
    label: "Pictures, videos and files",
    description: "What you uploaded and what was made for you, encrypted, with the orders for it.",
    basis: "contract",
    california: "Audio, electronic, visual or similar information",
    rules: [
      {
        what: "In a chat",
        period: { until: "the chat is deleted" },
        from: "the chat's start",
        atEnd: "deleted with it",
      },
      { what: "In your library", period: { until: "you delete it" }, from: "its making", atEnd: "deleted" },
      {
        what: "An upload that no message took up",
        period: { ms: LOOSE_UPLOAD_MS },
        from: "the upload",
        atEnd: "deleted",
      },
      { what: "An order that came to nothing", period: { ms: FAILED_JOB_MS }, from: "its end", atEnd: "deleted" },
    ],
  },
  exports: {
    label: "Archives you asked for",
    description: "A copy of everything you have, encrypted, for you to fetch.",
    basis: "contract",
    california: "As the data they are copies of",
    rules: [{ what: "Each", period: { ms: EXPORT_MS }, from: "its being ready", atEnd: "deleted" }],
  },
  sessions: {
    label: "Media sessions",
    description: "A random secret that lets a page of yours load your pictures.",
    basis: "contract",
    california: "Internet or other electronic network activity",
    rules: [{ what: "Each", period: { ms: MEDIA_SESSION_MS }, from: "its opening", atEnd: "deleted" }],
  },
  usage: {
    label: "Usage",
    description: "When which model did what for you: times, kinds, models, amounts and credits, never content.",
    basis: "contract",
    california: "Internet or other electronic network activity",
    rules: [WITH_ACCOUNT],
  },
  billing: {
    label: "Billing records",
    description:
      "Your plan, its periods, and each change to your credits. They survive the account without your identity.",
    basis: "duty",
    purpose: "Commercial and tax law requires records of what was sold.",
    california: "Commercial information",
    rules: [
      {
        what: "After the account has ended, under a pseudonym",
        period: { fullYears: BILLING_YEARS },
        from: "the end of the year in which it ended",
        atEnd: "deleted",
      },
    ],
  },
  choices: {
    label: "Choices and requests about data",
    description: "What you consented or objected to, and what you asked for: kinds and times, not what you wrote.",
    basis: "duty",
    purpose: "Who runs a service must be able to show that consent was given and that requests were answered.",
    california: "Identifiers",
    rules: [
      WITH_ACCOUNT,
      { what: "An answered request", period: { ms: REQUEST_MS }, from: "the answer", atEnd: "deleted" },
    ],
  },
  webhooks: {
    label: "Messages of the sign-in and billing provider",
    description: "That something changed about your account or plan: ids, states and times, no names.",
    basis: "interest",
    purpose: "Each message must be applied once, and what went wrong must be found.",
    california: "Identifiers",
    rules: [{ what: "Each", period: { ms: WEBHOOK_MS }, from: "its arrival", atEnd: "deleted" }],
  },
  holds: {
    label: "Legal holds",
    description:
      "That a law or a court orders us to keep an account or a chat, under our number of the matter. What is held is kept whatever else is promised here, and nothing besides.",
    basis: "duty",
    purpose: "Who is ordered to keep something must not delete it. Whoever tries to delete it is told.",
    california: "None: it says nothing about a person",
    rules: [
      {
        what: "What is held, and the order itself",
        period: { until: "the hold is lifted" },
        from: "the order, and looked at again at least every 90 days",
        atEnd: "deleted as it would have been without the hold",
      },
    ],
  },
  proofs: {
    label: "Proof of deletion",
    description:
      "That a chat, a file or an archive of yours was deleted, and when; that an account was erased, when, and how much, under a pseudonym that only a key of ours can make.",
    basis: "duty",
    purpose: "Who must erase must be able to show it, and must not bring back what was erased.",
    california: "Identifiers",
    rules: [
      {
        what: "Receipts of what you deleted, no longer than your account",
        period: { ms: RECEIPT_MS },
        from: "the deletion",
        atEnd: "deleted",
      },
      { what: "Receipts of accounts", period: { ms: RECEIPT_MS }, from: "the end of the erasure", atEnd: "deleted" },
      {
        what: "Pseudonyms of what was deleted, and of what you decided about your data, so that no backup undoes it",
        period: { ms: LEDGER_MS },
        from: "the deletion or the decision",
        atEnd: "deleted",
      },
      {
        what: "The pseudonym of an erased identity",
        period: { ms: TOMBSTONE_MS },
        from: "the end of the erasure",
        atEnd: "deleted",
      },
    ],
  },
  backups: {
    label: "Backups",
    description: "Copies for disasters. What you delete stays unreadable in them, because keys are kept apart.",
    basis: "interest",
    purpose: "Data must survive the loss of a machine.",
    california: "As the data they are copies of",
    rules: [{ what: "Each", period: { ms: BACKUP_MS }, from: "its making", atEnd: "deleted" }],
  },
} as const satisfies Record<string, DataClass>;

export type DataClassId = keyof typeof DATA_CLASSES;
