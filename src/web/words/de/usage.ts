import type { usage as english } from "../en/usage.ts";
import { formats } from "./formats.ts";

const credits = (amount: number) => formats.count(amount, { one: "Credit", other: "Credits" });
const days = (count: number) => formats.count(count, { one: "Tag", other: "Tage" });

export const usage: typeof english = {
  title: "Verbrauch und Tarif",
  link: "Verbrauch",
  creditsLeft: "Credits übrig",
  credits,
  pace: {
    none: "In den letzten sieben Tagen wurde nichts verbraucht.",
    lessThanADay: "Beim Tempo der letzten sieben Tage reichen sie keinen Tag mehr.",
    moreThanAYear: "Beim Tempo der letzten sieben Tage reichen sie länger als ein Jahr.",
    days: (count) => `Beim Tempo der letzten sieben Tage reichen sie etwa ${days(count)}.`,
  },
  plan: "Tarif",
  changePlan: "Tarif ändern",
  newCreditsAt: (plan, atMs) => `${plan}, neue Credits am ${formats.day(atMs)}`,
  spentToday: "Heute verbraucht",
  ofOwnCeiling: (spent, ceiling) => `${credits(spent)} von den ${formats.number(ceiling)}, die du dir erlaubst`,
  setAside: "Zurückgelegt",
  heldNow: (held) => `${credits(held)} für das, was gerade entsteht`,
  bought: "Gekauft",
  notExpiring: (amount) => `${credits(amount)}, die nicht verfallen`,
  ownLimit: "Deine eigene Grenze",
  mostADay: "Höchstens Credits am Tag",
  emptyForNone: "leer für keine",
  save: "Speichern",
  lastDays: (count) => `Die letzten ${days(count)}`,
  spentByDay: "Verbrauchte Credits an jedem Tag",
  mostOnADay: (amount) => `am meisten an einem Tag: ${credits(amount)}`,
  today: "heute",
  history: "Verlauf",
  showEarlier: "Frühere anzeigen",
  uses: { chat: "Antwort", image: "Bild", video: "Video" },
  held: "zurückgelegt",
  refunded: "zurückgegeben",
  reasons: {
    use: "verbraucht",
    plan: "Ein Monat deines Tarifs",
    upgrade: "Mehr durch deinen neuen Tarif",
    period_end: "Am Monatsende nicht verbraucht",
    top_up: "Gekauft",
    failed: "gescheitert, nichts berechnet",
    cancelled: "abgebrochen, nichts berechnet",
    unsettled: "nie fertig geworden, nichts berechnet",
    operator: "Vom Betreiber berichtigt",
    reconciled: "Guthaben neu berechnet",
  },
};
