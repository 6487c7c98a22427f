/**
 * [Note: Words] Everything the app says is written in `en/<noun>.ts` and `de/<noun>.ts`: plain objects of texts, and
 * functions where a text holds a value. A German file has the type of the English one, so a text that is missing does
 * not compile. English is there from the start, so that there always are words; other languages are loaded when they
 * are spoken.
 */
import { useSyncExternalStore } from "react";
import * as english from "./en/index.ts";
import type { Language } from "./language.ts";

export type Words = typeof english;

const dictionaries: Record<Language, () => Promise<Words>> = {
  en: async () => english,
  de: () => import("./de/index.ts"),
};

let asked: Language = "en";
let spoken: { language: Language; words: Words } = { language: "en", words: english };
const listeners = new Set<() => void>();

/**
 * Makes the page speak `language`, once its words are there. Of two calls the later one counts. Rejects when the words
 * cannot be loaded, and leaves the page as it was.
 */
export async function speak(language: Language): Promise<void> {
  asked = language;
  const words = await dictionaries[language]();
  if (asked !== language) return;
  spoken = { language, words };
  if (typeof document !== "undefined") document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

/** The words of the language that is spoken; the component is shown anew when that changes. */
export function useWords(): Words {
  return useSyncExternalStore(subscribe, wordsNow, wordsNow);
}

/** The language that is spoken. */
export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, languageNow, languageNow);
}

/** The words of this moment, for sentences that are made outside of components. */
export function wordsNow(): Words {
  return spoken.words;
}

function languageNow(): Language {
  return spoken.language;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
