import type { privacy as english } from "../en/privacy.ts";
import { formats } from "./formats.ts";

const records = (rows: number) => formats.count(rows, { one: "Eintrag", other: "Einträge" });
const monthsOf = (count: number) => formats.count(count, { one: "Monat", other: "Monate" });
const daysOf = (count: number) => formats.count(count, { one: "Tag", other: "Tage" });
const inDays = (count: number) => formats.count(count, { one: "Tag", other: "Tagen" });

export const privacy: typeof english = {
  title: "Privatsphäre",
  lead: "Alles, was über dich gespeichert ist, und was du damit tun kannst. Nichts davon wird verkauft oder für Werbung weitergegeben.",
  publicPage: "Die öffentliche Datenschutzerklärung",
  save: "Speichern",

  held: "Was über dich gespeichert ist",
  byPeriod: "Nach Art",
  byCalifornia: "Wie Kalifornien es einteilt",
  records: (rows, isAtLeast) => (isAtLeast ? `mindestens ${records(rows)}` : records(rows)),
  nothingHeld: "nichts",
  keptBecause: "Gespeichert",
  why: "Wozu",
  howLong: "Wie lange",
  periodDays: daysOf,
  periodMonths: monthsOf,
  periodYears: (count) => formats.count(count, { one: "volles Jahr", other: "volle Jahre" }),
  until: (what) => what,
  counted: ({ period, from, atEnd }) => `${period}, gerechnet ab ${from}; dann ${atEnd}.`,
  tables: "Tabellen",
  inArchive: "in deinem Archiv",
  notInArchive: "nicht in deinem Archiv",
  collected: "erhoben",
  notCollected: "nicht erhoben",
  signInId: "Deine Kennung beim Anmeldedienst",
  heldSince: (sinceMs) => `Ein Konto seit dem ${formats.day(sinceMs)}.`,

  archives: "Nimm deine Daten mit",
  archivesLead: (days) =>
    `Eine ZIP-Datei mit deinen Chats, Dateien, Credits und Entscheidungen und einer Prüfsumme für jedes Stück. Sie liegt ${daysOf(days)} bereit, versiegelt mit deinem Schlüssel, und nur du kannst sie abholen.`,
  makeArchive: "Archiv erstellen",
  archiveFrom: (atMs) => `Archiv vom ${formats.dateTime(atMs)}`,
  archiveStates: {
    building: "Wird geschrieben",
    ready: "Fertig",
    failed: "Es ließ sich nicht schreiben. Bitte erstelle ein neues.",
  },
  archiveSize: (bytes) => formats.bytes(bytes),
  soFar: (bytes) => `bisher ${formats.bytes(bytes)}`,
  goneOn: (atMs) => `wird am ${formats.day(atMs)} gelöscht`,
  download: "Herunterladen",

  profile: "Berichtige deine Daten",
  profileLead:
    "Titel berichtigst du, indem du einen Chat umbenennst, eigene Nachrichten, indem du sie bearbeitest. Deine Adresse liegt beim Anmeldedienst und wird dort berichtigt.",
  name: "Name",
  nameSaved: "Dein Name ist geändert.",

  choices: "Deine Entscheidungen",
  restrict: "Verarbeitung einschränken",
  restrictHint:
    "Deine Daten werden dann nur noch gespeichert: Du kannst sie lesen, mitnehmen und löschen, aber nichts wird geschrieben, erzeugt oder an ein Modell geschickt, und alte Chats werden so lange nicht gelöscht. Nichts geht verloren.",
  restricted:
    "Die Verarbeitung ist eingeschränkt. Bis du das hier aufhebst, wird für dich nichts geschrieben, erzeugt oder gelöscht.",
  object: (label) => `Widerspruch: ${label}`,
  objectingSince: (text, sinceMs) => `${text} Du widersprichst seit dem ${formats.day(sinceMs)}.`,
  consent: (label) => `Einwilligung: ${label}`,
  consentHint: ({ text, version, changedAtMs }) =>
    changedAtMs === null
      ? `„${text}“ (Fassung ${formats.number(version)}). Du wurdest noch nicht gefragt.`
      : `„${text}“ (Fassung ${formats.number(version)}). Du hast am ${formats.day(changedAtMs)} entschieden.`,

  requests: "Frag den Betreiber",
  requestsLead: (days) =>
    `Die meisten deiner Rechte sind Knöpfe auf dieser Seite. Alles andere kannst du hier verlangen: Eine Antwort muss innerhalb von ${inDays(days)} kommen.`,
  requestKind: "Ich verlange",
  sendRequest: "Anfrage senden",
  requestSent: (dueAtMs) => `Deine Anfrage ist eingetragen. Sie wird bis zum ${formats.day(dueAtMs)} beantwortet.`,
  requestLine: (kind) => `Du hast verlangt: ${kind}`,
  requestStates: { open: "offen", fulfilled: "erledigt", refused: "abgelehnt", withdrawn: "zurückgezogen" },
  askedOn: (atMs) => `gestellt am ${formats.day(atMs)}`,
  answeredOn: (atMs) => `beantwortet am ${formats.day(atMs)}`,
  answerBy: (atMs) => `Antwort bis ${formats.day(atMs)}`,

  receipts: "Löschnachweise",
  receiptsLead:
    "Jede Löschung hinterlässt einen Nachweis ohne Inhalt. Sein Code wird mit einem Schlüssel des Betreibers und aus dem Nachweis davor berechnet, sodass keiner unbemerkt geändert oder weggelassen werden kann; diese Seite prüft jeden erneut.",
  noReceipts: "Von dir wurde noch nichts gelöscht.",
  deletedKinds: { chat: "Ein Chat", file: "Eine Datei", archive: "Ein Archiv" },
  deletedBecause: { person: "von dir gelöscht", period: "die Frist war um" },
  wentWithIt: (messages, files) =>
    formats.list([
      formats.count(messages, { one: "Nachricht", other: "Nachrichten" }),
      formats.count(files, { one: "Datei", other: "Dateien" }),
    ]),
  unreadableAndGone: (unreadableAtMs, completedAtMs) =>
    `unlesbar ${formats.dateTime(unreadableAtMs)}, weg ${formats.dateTime(completedAtMs)}`,
  intact: "geprüft",
  notIntact: "stimmt nicht",
  receiptNumber: (seq) => `Nr. ${formats.number(seq)}`,
  showEarlier: "Frühere zeigen",

  holds: "Was das Gesetz aufbewahrt haben will",
  holdLine: (scope, placedAtMs) =>
    `${scope === "account" ? "Dein ganzes Konto" : "Einer deiner Chats"}, seit dem ${formats.day(placedAtMs)}. Das bleibt, bis die Anordnung endet, was immer hier sonst versprochen ist.`,

  leaving: "Gehen",
  close: "Konto schließen",
  closeHint: (days) =>
    `Nichts wird mehr gezeigt oder erzeugt, und niemand kann sich anmelden. ${daysOf(days)} lang kannst du es wieder öffnen, deine Daten mitnehmen oder es löschen. Danach wird es gelöscht.`,
  closeTitle: "Konto schließen?",
  closeConfirm: "Konto schließen",
  erase: "Alles sofort löschen",
  eraseHint: (days) => `Ohne die ${daysOf(days)} Bedenkzeit, und ohne Weg zurück.`,
  eraseTitle: "Alles löschen?",
  eraseSteps: (backupDays) => [
    "Sofort werden die Schlüssel zu allem gelöscht, was du geschrieben und gemacht hast. Ab dann kann es niemand mehr lesen, weder wir noch du.",
    "Innerhalb von Minuten werden alle deine Chats, Dateien, Archive und Einstellungen gelöscht, und deine Anmeldung mit ihnen.",
    "Aufzeichnungen darüber, was bezahlt wurde, bleiben so lange, wie das Steuerrecht es verlangt, unter einem Pseudonym statt deines Namens.",
    `Kopien in Sicherungen lassen sich ohne die Schlüssel nicht lesen. Sie enden innerhalb von ${inDays(backupDays)}.`,
    "Du siehst einen Nachweis, solange deine Sitzung noch besteht.",
  ],
  eraseWord: "löschen",
  eraseType: (word) => `Tippe „${word}“, um fortzufahren`,
  eraseConfirm: "Alles löschen",

  closedTitle: "Dein Konto ist geschlossen",
  closedLead: (erasesAtMs) =>
    `Am ${formats.day(erasesAtMs)} wird es mit allem darin gelöscht. Bis dahin kannst du es wieder öffnen, deine Daten mitnehmen oder es sofort löschen.`,
  reopen: "Wieder öffnen",

  erasureTitle: "Dein Konto wird gelöscht",
  erasedTitle: "Dein Konto ist gelöscht",
  erasureStates: {
    confirming: "Der Anmeldedienst wird gefragt, ob es dich dort nicht mehr gibt. Lesbar ist solange nichts.",
    removing: "Die Schlüssel sind weg, lesen lässt sich nichts mehr. Der Rest wird gelöscht.",
    draining: "In der Datenbank ist alles weg. Dateien und deine Anmeldung werden gelöscht.",
    held: "Alles ist weg, bis auf das, was das Gesetz vorerst aufbewahrt haben will. Es geht, wenn die Anordnung endet.",
  },
  unreadableSince: (atMs) => `Unlesbar seit ${formats.dateTime(atMs)}`,
  removedSoFar: (rows) => `bisher ${records(rows)} gelöscht`,
  askedAt: "Verlangt",
  unreadableAt: "Unlesbar seit",
  completedAt: "Alles weg",
  backupsUntil: "Aus Sicherungen spätestens",
  deletedRows: "Gelöscht",
  retained: "Bleibt, weil das Gesetz es verlangt",
  retainedUntil: (table, untilAtMs) => `${table}, bis ${formats.day(untilAtMs)}`,
  receiptCode: "Code des Nachweises",
  receiptKeep:
    "Heb diesen Nachweis auf: Er ist zu sehen, bis deine Sitzung endet. Der Betreiber findet ihn unter seiner Nummer.",
};
