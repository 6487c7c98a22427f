import type { threads as english } from "../en/threads.ts";
import { formats } from "./formats.ts";

const days = (count: number) => formats.count(count, { one: "Tag", other: "Tage" });
const messages = (count: number) => formats.count(count, { one: "Nachricht", other: "Nachrichten" });

export const threads: typeof english = {
  title: "Chats",
  newThread: "Neuer Chat",
  newTemporary: "Neuer temporärer Chat",
  temporary: "Temporärer Chat",
  untitled: "Ohne Titel",
  none: "Hier werden deine Chats stehen, versiegelt mit einem eigenen Schlüssel.",
  showOlder: "Ältere zeigen",
  groups: {
    pinned: "Angeheftet",
    today: "Heute",
    yesterday: "Gestern",
    week: "Letzte 7 Tage",
    month: "Letzte 30 Tage",
  },
  daysLeft: (count: number) => (count < 1 ? "Wird heute gelöscht" : `noch ${days(count)}`),
  keep: (title: string) => `„${title}“ behalten`,
  optionsFor: (title: string) => `Optionen für ${title}`,
  pin: "Oben anheften",
  unpin: "Lösen",
  rename: "Umbenennen",
  renameTitle: "Chat umbenennen",
  titleField: "Titel",
  remove: "Löschen",
  removed: (title: string) => `„${title}“ ist gelöscht.`,
  undo: "Rückgängig",
  search: "Chats durchsuchen",
  searchFurther: "Weitersuchen",
  clearSearch: "Suche leeren",
  searching: (count: number) => `Sucht: bisher ${messages(count)}`,
  searched: (count: number) =>
    count === 0 ? "Nichts gefunden." : formats.count(count, { one: "Stelle", other: "Stellen" }),
  inTitles: "Titel",
  inMessages: "Nachrichten",
};
