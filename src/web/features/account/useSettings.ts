import { useMutation } from "convex/react";
import type { FunctionArgs } from "convex/server";
import { useEffect } from "react";
import { type Account, api } from "../../app/api.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { applyTheme } from "../../app/theme.ts";
import { useNotice } from "../../ui/Notices.tsx";
import { rememberLanguage } from "../../words/language.ts";
import { speak } from "../../words/words.ts";

type Settings = NonNullable<FunctionArgs<typeof api.account.update>["settings"]>;

/**
 * Changes the settings given and leaves the others. The page shows the change before the server has heard of it.
 * Resolves to whether the server took it; if not, a notice has said why.
 */
export function useUpdateSettings(): (settings: Settings) => Promise<boolean> {
  const update = useMutation(api.account.update).withOptimisticUpdate((localQueryStore, args) => {
    const account = localQueryStore.getQuery(api.account.me);
    if (account)
      localQueryStore.setQuery(api.account.me, {}, { ...account, settings: { ...account.settings, ...args.settings } });
  });
  const notify = useNotice();
  const refused = (error: unknown) => {
    notify(sentenceOf(error));
    return false;
  };
  return (settings) => update({ settings }).then(() => true, refused);
}

/** Keeps the page in the language the person chose; until they choose one, it stays in the browser's. */
export function useLanguageOf({ settings: { language } }: Account): void {
  const notify = useNotice();
  useEffect(() => {
    if (!language) return;
    rememberLanguage(language);
    speak(language).catch((error) => notify(sentenceOf(error)));
  }, [language, notify]);
}

/** Keeps the page in the theme the person chose, on whichever device they chose it. */
export function useThemeOf({ settings }: Account): void {
  const theme = settings.theme ?? "system";
  useEffect(() => applyTheme(theme), [theme]);
}
