import { formats } from "./formats.ts";

const records = (rows: number) => formats.count(rows, { one: "record", other: "records" });
const monthsOf = (count: number) => formats.count(count, { one: "month", other: "months" });
const daysOf = (count: number) => formats.count(count, { one: "day", other: "days" });

/** What is held about a person, and their rights over it. */
export const privacy = {
  title: "Privacy",
  lead: "Everything that is held about you, and what you can do about it. Nothing of it is sold or shared for advertising.",
  publicPage: "The public privacy notice",
  save: "Save",

  held: "What is held about you",
  byPeriod: "By kind",
  byCalifornia: "As California lists it",
  records: (rows: number, isAtLeast: boolean) => (isAtLeast ? `at least ${records(rows)}` : records(rows)),
  nothingHeld: "nothing",
  keptBecause: "Kept",
  why: "Why",
  howLong: "How long",
  periodDays: daysOf,
  periodMonths: monthsOf,
  periodYears: (count: number) => formats.count(count, { one: "full year", other: "full years" }),
  until: (what: string) => `until ${what}`,
  counted: ({ period, from, atEnd }: { period: string; from: string; atEnd: string }) =>
    `${period}, counted from ${from}; then ${atEnd}.`,
  tables: "Tables",
  inArchive: "in your archive",
  notInArchive: "not in your archive",
  collected: "collected",
  notCollected: "not collected",
  signInId: "Your id at the sign-in service",
  heldSince: (sinceMs: number) => `An account since ${formats.day(sinceMs)}.`,

  archives: "Take your data with you",
  archivesLead: (days: number) =>
    `One ZIP file with your chats, files, credits and choices, and a checksum for each. It is there for ${daysOf(days)}, sealed with your key, and only you can fetch it.`,
  makeArchive: "Make an archive",
  archiveFrom: (atMs: number) => `Archive of ${formats.dateTime(atMs)}`,
  archiveStates: {
    building: "Being written",
    ready: "Ready",
    failed: "It could not be written. Please make another.",
  },
  archiveSize: (bytes: number) => formats.bytes(bytes),
  soFar: (bytes: number) => `${formats.bytes(bytes)} so far`,
  goneOn: (atMs: number) => `deleted on ${formats.day(atMs)}`,
  download: "Download",

  profile: "Correct your data",
  profileLead:
    "Titles are corrected by renaming a chat, and messages of yours by editing them. Your address is kept by the sign-in service, and is corrected there.",
  name: "Name",
  nameSaved: "Your name is changed.",

  choices: "Your choices",
  restrict: "Restrict processing",
  restrictHint:
    "Your data is then only stored: you can read it, take it with you and erase it, but nothing is written, made or sent to a model, and old chats are not deleted meanwhile. Nothing is lost.",
  restricted: "Processing is restricted. Nothing is written, made or deleted for you until you lift it here.",
  object: (label: string) => `Object: ${label}`,
  objectingSince: (text: string, sinceMs: number) => `${text} You object since ${formats.day(sinceMs)}.`,
  consent: (label: string) => `Consent: ${label}`,
  consentHint: ({ text, version, changedAtMs }: { text: string; version: number; changedAtMs: number | null }) =>
    changedAtMs === null
      ? `“${text}” (version ${formats.number(version)}). You were not asked before.`
      : `“${text}” (version ${formats.number(version)}). You decided on ${formats.day(changedAtMs)}.`,

  requests: "Ask the operator",
  requestsLead: (days: number) =>
    `Most of your rights are buttons on this page. For everything else, ask here: an answer must come within ${daysOf(days)}.`,
  requestKind: "I ask for",
  sendRequest: "Send request",
  requestSent: (dueAtMs: number) => `Your request is registered. It is answered by ${formats.day(dueAtMs)}.`,
  requestLine: (kind: string) => `You asked for ${kind}`,
  requestStates: { open: "open", fulfilled: "done", refused: "refused", withdrawn: "withdrawn" },
  askedOn: (atMs: number) => `asked on ${formats.day(atMs)}`,
  answeredOn: (atMs: number) => `answered on ${formats.day(atMs)}`,
  answerBy: (atMs: number) => `answered by ${formats.day(atMs)}`,

  receipts: "Receipts of deletion",
  receiptsLead:
    "Each deletion leaves a receipt without content. Its code is computed with a key of the operator's and from the receipt before, so that none can be changed or left out unnoticed; this page checks each of them again.",
  noReceipts: "Nothing of yours was deleted yet.",
  deletedKinds: { chat: "A chat", file: "A file", archive: "An archive" },
  deletedBecause: { person: "you deleted it", period: "its period was over" },
  wentWithIt: (messages: number, files: number) =>
    formats.list([
      formats.count(messages, { one: "message", other: "messages" }),
      formats.count(files, { one: "file", other: "files" }),
    ]),
  unreadableAndGone: (unreadableAtMs: number, completedAtMs: number) =>
    `unreadable ${formats.dateTime(unreadableAtMs)}, gone ${formats.dateTime(completedAtMs)}`,
  intact: "checked",
  notIntact: "does not match",
  receiptNumber: (seq: number) => `No. ${formats.number(seq)}`,
  showEarlier: "Show earlier ones",

  holds: "What the law wants kept",
  holdLine: (scope: "account" | "chat", placedAtMs: number) =>
    `${scope === "account" ? "All of your account" : "One of your chats"}, since ${formats.day(placedAtMs)}. It is kept until the order is lifted, whatever else is promised here.`,

  leaving: "Leave",
  close: "Close your account",
  closeHint: (days: number) =>
    `Nothing is shown or made any more, and nobody can sign in. For ${daysOf(days)} you can reopen it, take your data with you, or erase it. After that it is erased.`,
  closeTitle: "Close your account?",
  closeConfirm: "Close account",
  erase: "Erase everything now",
  eraseHint: (days: number) => `There are no ${daysOf(days)} to think it over, and no way back.`,
  eraseTitle: "Erase everything?",
  eraseSteps: (backupDays: number) => [
    "At once, the keys to what you wrote and made are deleted. From then on nobody can read it, neither we nor you.",
    "Within minutes, all your chats, files, archives and settings are deleted, and your sign-in with them.",
    "Records of what was paid stay for as long as tax law wants them, under a pseudonym instead of your name.",
    `Copies in backups cannot be read without the keys. They end within ${daysOf(backupDays)}.`,
    "You are shown a receipt, for as long as your session still lasts.",
  ],
  eraseWord: "erase",
  eraseType: (word: string) => `Type “${word}” to go on`,
  eraseConfirm: "Erase everything",

  closedTitle: "Your account is closed",
  closedLead: (erasesAtMs: number) =>
    `It is erased, with everything in it, on ${formats.day(erasesAtMs)}. Until then you can reopen it, take your data with you, or erase it now.`,
  reopen: "Reopen it",

  erasureTitle: "Your account is being erased",
  erasedTitle: "Your account is erased",
  erasureStates: {
    confirming: "The sign-in service is asked whether you are gone there. Nothing can be read meanwhile.",
    removing: "The keys are gone, so nothing can be read any more. The rest is being deleted.",
    draining: "Everything in the database is gone. Files and your sign-in are being deleted.",
    held: "All is gone but what the law wants kept for now. That goes when the order is lifted.",
  },
  unreadableSince: (atMs: number) => `Unreadable since ${formats.dateTime(atMs)}`,
  removedSoFar: (rows: number) => `${records(rows)} deleted so far`,
  askedAt: "Asked for",
  unreadableAt: "Unreadable since",
  completedAt: "All gone",
  backupsUntil: "Out of backups by",
  deletedRows: "Deleted",
  retained: "Kept because the law wants it",
  retainedUntil: (table: string, untilAtMs: number) => `${table}, until ${formats.day(untilAtMs)}`,
  receiptCode: "Code of the receipt",
  receiptKeep: "Keep this receipt: it is shown until your session ends. The operator can find it by its number.",
};
