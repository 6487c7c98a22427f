/*
 * What people may decide about their data, and how soon a request of theirs is answered. Functions and operators'
 * commands read it, and so does what is shown to people.
 */

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What consent is asked for, and what nothing happens without. A text that changes gets a new version, and consent to an
 * older one does not count for it.
 */
export const CONSENTS = {
  news: { label: "News by mail", version: 1, text: "Write to me by mail about what is new in the service." },
} as const;

export type ConsentPurpose = keyof typeof CONSENTS;

/**
 * What rests on a legitimate interest and ends for whoever objects. Backups rest on one too and are no choice: they cannot
 * be made without somebody's rows, and without the keys, which are kept apart, nothing of a person is readable in them.
 */
export const OBJECTIONS = {
  webhooks: {
    label: "Records of what the sign-in and billing provider told",
    text: "Once such a message has been applied, do not keep what it said or that it was about me.",
  },
} as const;

export type ObjectionPurpose = keyof typeof OBJECTIONS;

/** What somebody may ask of whoever runs the service, with the article or section it rests on. */
export const REQUEST_KINDS = {
  access: "a copy of all data and what is done with it (Art. 15 GDPR)",
  rectification: "that data be corrected (Art. 16 GDPR)",
  erasure: "that data be erased (Art. 17 GDPR, § 1798.105 CCPA)",
  restriction: "that data only be stored for now (Art. 18 GDPR)",
  portability: "the data in a form that other services can read (Art. 20 GDPR)",
  objection: "that what rests on a legitimate interest end (Art. 21 GDPR)",
  disclosure: "what is collected and why, by category (§ 1798.110 CCPA)",
} as const;

export type RequestKind = keyof typeof REQUEST_KINDS;

/** How it was made sure that a request comes from the person it is about. */
export const VERIFICATIONS = {
  session: "the person was signed in",
  account_mail: "the person answered from the address of the account",
  signed_in_code: "the person was signed in and gave the code that was sent by mail",
  agent: "an agent showed a signed authorisation, and the person confirmed it",
} as const;

export type Verification = keyof typeof VERIFICATIONS;

/** How long the receipt of a request may take: within the ten business days of California. */
export const CONFIRM_MS = 10 * DAY_MS;

/** How long the answer may take: never longer than a month of the calendar, and within the 45 days of California. */
export const ANSWER_MS = 28 * DAY_MS;

/** How long before its deadline an open request raises the alert. */
export const REMIND_MS = 7 * DAY_MS;

/** How long an answered request is kept as proof: the 24 months California asks for, and one year for a dispute. */
export const REQUEST_MS = 36 * 31 * DAY_MS;
