import { type Language, languageNames, languages, rememberLanguage } from "../../words/language.ts";
import { speak, useLanguage } from "../../words/words.ts";

/** The other languages, each in its own words, for somebody who is not signed in and so has no settings yet. */
export function LanguageSwitch() {
  const spoken = useLanguage();
  return languages
    .filter((language) => language !== spoken)
    .map((language) => (
      <button
        key={language}
        type="button"
        lang={language}
        onClick={() => void choose(language)}
        className="rounded underline decoration-line underline-offset-4 hover:text-ink hover:decoration-current"
      >
        {languageNames[language]}
      </button>
    ));
}

/** Where the words cannot be loaded the page stays as it is, and says no more than it did. */
async function choose(language: Language): Promise<void> {
  await speak(language).then(
    () => rememberLanguage(language),
    () => undefined,
  );
}
