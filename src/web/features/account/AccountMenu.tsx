import { ChevronsUpDown, Keyboard, LogOut } from "lucide-react";
import type { Account } from "../../app/api.ts";
import { useOpenCommands } from "../../app/commands/Commands.tsx";
import { themes } from "../../app/theme.ts";
import { Menu, MenuChoice, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { languageNames, languages } from "../../words/language.ts";
import { useLanguage, useWords } from "../../words/words.ts";
import { useUpdateSettings } from "./useSettings.ts";
import { useSignOut } from "./useSignOut.ts";

const languageOptions = languages.map((value) => ({ value, label: <span lang={value}>{languageNames[value]}</span> }));

/** Who is signed in, how the app looks and speaks, and the way out. */
export function AccountMenu({ account }: { account: Account }) {
  const { account: words, commands } = useWords();
  const openCommands = useOpenCommands();
  const language = useLanguage();
  const updateSettings = useUpdateSettings();
  const signOut = useSignOut();
  const name = account.name || words.you;
  return (
    <Menu
      side="top"
      className="w-64"
      trigger={
        <button
          type="button"
          className="flex w-full items-center gap-3 rounded-[10px] p-2 text-left hover:bg-hover data-[state=open]:bg-hover"
        >
          <span
            aria-hidden
            className="grid size-8 place-items-center rounded-full bg-accent text-[13px] font-semibold text-on-accent"
          >
            {initialsOf(name)}
          </span>
          <span className="min-w-0 flex-1 truncate text-[14.5px] font-medium">{name}</span>
          <ChevronsUpDown aria-hidden size={16} className="text-muted" />
        </button>
      }
    >
      <MenuChoice
        label={words.appearance}
        value={account.settings.theme ?? "system"}
        options={themes.map((value) => ({ value, label: words.themes[value] }))}
        onChange={(theme) => void updateSettings({ theme })}
      />
      <MenuSeparator />
      <MenuChoice
        label={words.language}
        value={language}
        options={languageOptions}
        onChange={(chosen) => void updateSettings({ language: chosen })}
      />
      <MenuSeparator />
      <MenuItem icon={<Keyboard aria-hidden size={16} />} onSelect={() => openCommands("shortcuts")}>
        {commands.shortcuts}
      </MenuItem>
      <MenuItem icon={<LogOut aria-hidden size={16} />} onSelect={signOut}>
        {words.signOut}
      </MenuItem>
    </Menu>
  );
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase();
}
