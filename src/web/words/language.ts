/** The languages the app speaks, each named as its speakers name it. */
export const languageNames = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof languageNames;
export const languages = Object.keys(languageNames) as Language[];

const storageKey = "noruxa.language";

/** The language of the next visit's first page, which comes before anybody is signed in and their settings are known. */
export function rememberLanguage(language: Language): void {
  localStorage.setItem(storageKey, language);
}

/** The language to begin with: the one chosen in this browser, else the first of the browser's own that we speak. */
export function startingLanguage(): Language {
  return firstSpoken([localStorage.getItem(storageKey) ?? "", ...navigator.languages]);
}

/** The first of `tags` (such as `de-AT`) that names a language we speak, and English where none does. */
export function firstSpoken(tags: readonly string[]): Language {
  const spoken = tags.map((tag) => tag.toLowerCase().split("-")[0]);
  return spoken.find(isLanguage) ?? "en";
}

function isLanguage(tag: string | undefined): tag is Language {
  return languages.some((language) => language === tag);
}
