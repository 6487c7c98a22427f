import { ChevronsUpDown, LogOut } from "lucide-react";
import { useNavigate } from "react-router";
import type { Account } from "../../app/api.ts";
import { newThreadPath } from "../../app/paths.ts";
import { themes } from "../../app/theme.ts";
import { Menu, MenuChoice, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { languageNames, languages } from "../../words/language.ts";
import { useLanguage, useWords } from "../../words/words.ts";
import { useIdentity } from "./identity.ts";
import { useUpdateSettings } from "./useSettings.ts";

const languageOptions = languages.map((value) => ({ value, label: <span lang={value}>{languageNames[value]}</span> }));

/** Who is signed in, how the app looks and speaks, and the way out. */
export function AccountMenu({ account }: { account: Account }) {
  const words = useWords().account;
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
        onChange={(theme) => updateSettings({ theme })}
      />
      <MenuSeparator />
      <MenuChoice
        label={words.language}
        value={language}
        options={languageOptions}
        onChange={(chosen) => updateSettings({ language: chosen })}
      />
      <MenuSeparator />
      <MenuItem icon={<LogOut aria-hidden size={16} />} onSelect={signOut}>
        {words.signOut}
      </MenuItem>
    </Menu>
  );
}

/** Ends the session. Whoever signs in next on this device should not be led to a chat of somebody else's. */
function useSignOut(): () => void {
  const navigate = useNavigate();
  const { signOut } = useIdentity();
  return () => {
    void navigate(newThreadPath);
    void signOut();
  };
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase();
}
