import type { Language } from "./language.ts";

/** The forms a counted noun takes. English and German have these two. */
interface CountForms {
  one: string;
  other: string;
}

/** How a language writes numbers, counts, times and sizes. Times are milliseconds since the epoch. */
export function formatsIn(language: Language) {
  const numbers = new Intl.NumberFormat(language);
  const plurals = new Intl.PluralRules(language);
  const dates = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(language, options);
    return (timeMs: number) => format.format(timeMs);
  };
  const number = (value: number) => numbers.format(value);
  return {
    number,
    /** A number with its noun: `count(2, { one: "credit", other: "credits" })` is "2 credits". */
    count: (value: number, forms: CountForms) =>
      `${number(value)} ${plurals.select(Math.abs(value)) === "one" ? forms.one : forms.other}`,
    percent: (share: number) => new Intl.NumberFormat(language, { style: "percent" }).format(share),
    money: (cents: number, currency: string) =>
      new Intl.NumberFormat(language, { style: "currency", currency }).format(cents / 100),
    list: (items: readonly string[]) => new Intl.ListFormat(language).format(items),
    /** Such as "21 November 2026", in the reader's time zone. */
    day: dates({ dateStyle: "long" }),
    /** Such as "21 Nov", in the reader's time zone. */
    shortDay: dates({ day: "numeric", month: "short" }),
    /** Such as "21 Nov", of a day that begins at midnight UTC. */
    shortUtcDay: dates({ day: "numeric", month: "short", timeZone: "UTC" }),
    month: dates({ month: "long" }),
    monthOfYear: dates({ month: "long", year: "numeric" }),
    dateTime: dates({ dateStyle: "medium", timeStyle: "short" }),
    time: dates({ timeStyle: "short" }),
    bytes: (bytes: number) => formatBytes(language, bytes),
  };
}

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Sizes count in thousands, as file managers do. */
function formatBytes(language: Language, bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), BYTE_UNITS.length - 1);
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: BYTE_UNITS[power],
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: power > 1 ? 1 : 0,
  }).format(bytes / 1000 ** power);
}
