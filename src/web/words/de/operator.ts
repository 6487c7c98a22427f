import type { operator as english } from "../en/operator.ts";
import { formats } from "./formats.ts";

export const operator: typeof english = {
  title: "Betrieb",
  lead: "Zahlen, Kennungen und Zeiten dieses Dienstes. Nichts, was jemand geschrieben hat oder wie jemand heißt, ist hier zu sehen.",
  notYours: "Diese Seite ist für die, die den Dienst betreiben.",
  countedAt: (atMs) => `Gezählt um ${formats.time(atMs)}`,
  atLeast: (count) => `${formats.number(count)}+`,
  allWell: "Nichts ist überfällig.",
  alerts: {
    requests: (count) =>
      `${formats.count(count, { one: "Anfrage zu Daten ist", other: "Anfragen zu Daten sind" })} überfällig. Beantworten mit „npm run ops -- privacy-request“.`,
    outbox: (atMs) =>
      `Dateien warten seit ${formats.dateTime(atMs)} darauf, im Bucket gelöscht zu werden. Siehe „npm run ops -- outbox“.`,
    orders: (atMs) =>
      `Bilder oder Videos warten seit ${formats.dateTime(atMs)} darauf, bei ihrem Anbieter gelöscht zu werden. Siehe „npm run ops -- outbox“.`,
    parked: (count) =>
      `${count} Nachrichten des Anmeldedienstes ließen sich nicht anwenden. Siehe „npm run ops -- inbox“.`,
    silence: (atMs) =>
      `Seit ${formats.dateTime(atMs)} kam keine Nachricht des Anmeldedienstes, obwohl Konten benutzt werden. Siehe „npm run ops -- inbox“.`,
    erasures: (atMs) =>
      `Eine Löschung gibt seit ${formats.dateTime(atMs)} kein Lebenszeichen. Siehe „npm run ops -- erasure-status“.`,
    holds: (count) =>
      `${formats.count(count, { one: "Aufbewahrungspflicht ist", other: "Aufbewahrungspflichten sind" })} zu prüfen. Siehe „npm run ops -- hold“.`,
    missing: (count) => `Der Bucket hat ${count} Objekte verloren. Siehe „npm run ops -- orphans“.`,
    credits: (count) => `Bei ${count} Konten gehen die Credits nicht auf. Siehe „npm run ops -- usage-reconcile“.`,
  },
  accounts: "Konten",
  accountStates: {
    live: "Offen",
    restricted: "Eingeschränkt",
    closing: "Geschlossen, in ihren 30 Tagen",
    erasing: "Werden gelöscht",
  },
  retention: "Chats und ihre Frist",
  retentionParts: { overdue: "Vorbei, noch nicht gelöscht", within24h: "In 24 Stunden", within7d: "In 7 Tagen" },
  toBeDeleted: "Anderswo zu löschen",
  files: "Dateien im Bucket",
  orders: "Aufträge bei Anbietern",
  oldest: "Wartet am längsten seit",
  stuck: "Immer wieder abgelehnt",
  jobs: "Bilder und Videos",
  jobStates: {
    queued: "In der Schlange",
    running: "In Arbeit",
    storing: "Werden gespeichert",
    failed: "Im letzten Monat fehlgeschlagen",
  },
  newestFailed: "Zuletzt fehlgeschlagene Bilder und Videos",
  archives: "Archive",
  archiveStates: { building: "Werden geschrieben", failed: "Fehlgeschlagen" },
  inbox: "Nachrichten des Anmeldedienstes",
  inboxStates: { applied: "Angewandt", parked: "Nicht anwendbar", dropped: "Nicht für uns" },
  parked: "Nachrichten, die sich nicht anwenden ließen",
  refused: "An der Tür abgewiesene Nachrichten",
  requests: "Offene Anfragen zu Daten",
  due: (atMs) => `fällig am ${formats.day(atMs)}`,
  overdue: "überfällig",
  notVerified: "Absender noch nicht geprüft",
  verifiedBy: { session: "angemeldet", account_mail: "per Mail", signed_in_code: "per Code", agent: "über Vertretung" },
  kinds: {
    access: "Auskunft",
    rectification: "Berichtigung",
    erasure: "Löschung",
    restriction: "Einschränkung",
    portability: "Übertragbarkeit",
    objection: "Widerspruch",
    disclosure: "Offenlegung",
  },
  erasures: "Laufende Löschungen",
  erasureStates: { confirming: "wird bestätigt", removing: "wird entfernt", draining: "Dateien", held: "aufbewahrt" },
  erasureOrigins: {
    person: "von der Person verlangt",
    closure: "nach dem Schließen",
    webhook: "vom Anmeldedienst gemeldet",
    reconciliation: "nachts gefunden",
    restore: "vor dem Einspielen einer Sicherung gelöscht",
  },
  erasureLine: (removed, attempts) =>
    `${formats.count(removed, { one: "Zeile", other: "Zeilen" })} gelöscht, ${formats.count(attempts, { one: "Versuch", other: "Versuche" })} wiederholt`,
  since: (atMs) => `seit ${formats.dateTime(atMs)}`,
  lastSign: (atMs) => `letztes Lebenszeichen ${formats.time(atMs)}`,
  holds: "Aufbewahrungspflichten",
  holdScopes: { account: "ein Konto", chat: "ein Chat" },
  reviewBy: (atMs) => `zu prüfen bis ${formats.day(atMs)}`,
};
