import { Coins, Gauge, Images, Languages, LogOut, Monitor, Moon, Shield, Sparkles, SquarePen, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { useNavigate } from "react-router";
import { useUpdateSettings } from "../features/account/useSettings.ts";
import { useSignOut } from "../features/account/useSignOut.ts";
import { languageNames, languages } from "../words/language.ts";
import { useWords } from "../words/words.ts";
import type { Account } from "./api.ts";
import { useCommands } from "./commands/Commands.tsx";
import { createPath, libraryPath, newThreadPath, operatorPath, privacyPath, usagePath } from "./paths.ts";
import { type Theme, themes } from "./theme.ts";

const themeIcons: Record<Theme, ReactNode> = {
  system: <Monitor aria-hidden size={16} />,
  light: <Sun aria-hidden size={16} />,
  dark: <Moon aria-hidden size={16} />,
};

/** The commands that are there on every page: where to go, how the app looks and speaks, and the way out. */
export function useAppCommands(account: Account): void {
  const words = useWords();
  const navigate = useNavigate();
  const updateSettings = useUpdateSettings();
  const signOut = useSignOut();

  const goTo = (path: string, label: string, icon: ReactNode, shortcut?: string) => ({
    id: `goTo.${path}`,
    section: words.commands.goTo,
    label,
    icon,
    shortcut,
    run: () => void navigate(path),
  });
  const setting = (id: string, label: string, icon: ReactNode, run: () => void) => ({
    id,
    section: words.commands.settings,
    label,
    icon,
    run,
  });
  useCommands([
    goTo(newThreadPath, words.threads.newThread, <SquarePen aria-hidden size={16} />, "mod+shift+o"),
    goTo(createPath, words.media.createTitle, <Sparkles aria-hidden size={16} />),
    goTo(libraryPath, words.media.libraryTitle, <Images aria-hidden size={16} />),
    goTo(usagePath, words.usage.title, <Coins aria-hidden size={16} />),
    goTo(privacyPath, words.privacy.title, <Shield aria-hidden size={16} />),
    ...(account.operator ? [goTo(operatorPath, words.operator.title, <Gauge aria-hidden size={16} />)] : []),
    ...themes.map((theme) =>
      setting(
        `theme.${theme}`,
        words.commands.theme(words.account.themes[theme]),
        themeIcons[theme],
        () => void updateSettings({ theme }),
      ),
    ),
    ...languages.map((language) =>
      setting(
        `language.${language}`,
        words.commands.language(languageNames[language]),
        <Languages key={language} aria-hidden size={16} />,
        () => void updateSettings({ language }),
      ),
    ),
    {
      id: "account.signOut",
      section: words.commands.settings,
      label: words.account.signOut,
      icon: <LogOut aria-hidden size={16} />,
      run: signOut,
    },
  ]);
}
