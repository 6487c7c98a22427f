import { formats } from "./formats.ts";

/** How the service stands, for whoever runs it: numbers and ids, never content. */
export const operator = {
  title: "Operator",
  lead: "Numbers, ids and times of this service. Nothing that anybody wrote or is called is shown here.",
  notYours: "This page is for whoever runs the service.",
  countedAt: (atMs: number) => `Counted at ${formats.time(atMs)}`,
  atLeast: (count: number) => `${formats.number(count)}+`,
  allWell: "Nothing is overdue.",
  alerts: {
    requests: (count: number) =>
      `${formats.count(count, { one: "request about data is", other: "requests about data are" })} overdue. Answer with “npm run ops -- privacy-request”.`,
    outbox: (atMs: number) =>
      `Files wait for the bucket to delete them since ${formats.dateTime(atMs)}. See “npm run ops -- outbox”.`,
    orders: (atMs: number) =>
      `Pictures or videos wait for their provider to delete them since ${formats.dateTime(atMs)}. See “npm run ops -- outbox”.`,
    parked: (count: string) =>
      `${count} messages of the identity provider could not be applied. See “npm run ops -- inbox”.`,
    silence: (atMs: number) =>
      `No message of the identity provider has come since ${formats.dateTime(atMs)}, though accounts are active. See “npm run ops -- inbox”.`,
    erasures: (atMs: number) =>
      `An erasure has given no sign of life since ${formats.dateTime(atMs)}. See “npm run ops -- erasure-status”.`,
    holds: (count: number) =>
      `${formats.count(count, { one: "legal hold is", other: "legal holds are" })} due for review. See “npm run ops -- hold”.`,
    missing: (count: string) => `The bucket has lost ${count} objects. See “npm run ops -- orphans”.`,
    credits: (count: string) => `The credits of ${count} accounts do not add up. See “npm run ops -- usage-reconcile”.`,
  },
  accounts: "Accounts",
  accountStates: {
    live: "Live",
    restricted: "Restricted",
    closing: "Closed, in their 30 days",
    erasing: "Being erased",
  },
  retention: "Chats and their period",
  retentionParts: { overdue: "Past it, not swept yet", within24h: "Within 24 hours", within7d: "Within 7 days" },
  toBeDeleted: "To be deleted elsewhere",
  files: "Files in the bucket",
  orders: "Orders at providers",
  oldest: "The oldest since",
  stuck: "Refused again and again",
  jobs: "Pictures and videos",
  jobStates: { queued: "Queued", running: "Running", storing: "Being stored", failed: "Failed in the last month" },
  newestFailed: "Pictures and videos that failed last",
  archives: "Archives",
  archiveStates: { building: "Being written", failed: "Failed" },
  inbox: "Messages of the identity provider",
  inboxStates: { applied: "Applied", parked: "Could not be applied", dropped: "Not for us" },
  parked: "Messages that could not be applied",
  refused: "Messages refused at the door",
  requests: "Open requests about data",
  due: (atMs: number) => `due ${formats.day(atMs)}`,
  overdue: "overdue",
  notVerified: "sender not verified yet",
  verifiedBy: { session: "signed in", account_mail: "by mail", signed_in_code: "by code", agent: "by an agent" },
  kinds: {
    access: "Access",
    rectification: "Rectification",
    erasure: "Erasure",
    restriction: "Restriction",
    portability: "Portability",
    objection: "Objection",
    disclosure: "Disclosure",
  },
  erasures: "Erasures under way",
  erasureStates: { confirming: "confirming", removing: "removing", draining: "draining", held: "held by law" },
  erasureOrigins: {
    person: "asked for by the person",
    closure: "after closing",
    webhook: "told by the identity provider",
    reconciliation: "found by the nightly look",
    restore: "erased before a backup was restored",
  },
  erasureLine: (removed: number, attempts: number) =>
    `${formats.count(removed, { one: "row", other: "rows" })} deleted, ${formats.count(attempts, { one: "try", other: "tries" })} repeated`,
  since: (atMs: number) => `since ${formats.dateTime(atMs)}`,
  lastSign: (atMs: number) => `last sign of life ${formats.time(atMs)}`,
  holds: "Legal holds",
  holdScopes: { account: "an account", chat: "a chat" },
  reviewBy: (atMs: number) => `review by ${formats.day(atMs)}`,
};
