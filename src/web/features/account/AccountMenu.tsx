import { ChevronsUpDown, Coins, LogOut } from "lucide-react";
import { useLocation } from "wouter";
import type { Account } from "../../app/api.ts";
import { newThreadPath, usagePath } from "../../app/paths.ts";
import { type Theme, themes } from "../../app/theme.ts";
import { Menu, MenuChoice, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { creditsLabel } from "../usage/credits.ts";
import { useIdentity } from "./identity.ts";
import { useUpdateSettings } from "./useSettings.ts";

const themeLabels: Record<Theme, string> = { system: "Like the system", light: "Light", dark: "Dark" };
const themeOptions = themes.map((value) => ({ value, label: themeLabels[value] }));

/** Who is signed in, how the app looks, and the way out. */
export function AccountMenu({ account }: { account: Account }) {
  const updateSettings = useUpdateSettings();
  const { signOut } = useIdentity();
  const [, navigate] = useLocation();
  const leave = () => {
    // Whoever signs in next on this device should not be led to a chat of somebody else's.
    navigate(newThreadPath);
    void signOut();
  };
  const name = account.name || "You";
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
        label="Appearance"
        value={account.settings.theme ?? "system"}
        options={themeOptions}
        onChange={(theme) => updateSettings({ theme })}
      />
      <MenuSeparator />
      <MenuItem icon={<Coins aria-hidden size={16} />} onSelect={() => navigate(usagePath)}>
        {creditsLabel(account.credits.balance - account.credits.held)}
      </MenuItem>
      <MenuItem icon={<LogOut aria-hidden size={16} />} onSelect={leave}>
        Sign out
      </MenuItem>
    </Menu>
  );
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase();
}
