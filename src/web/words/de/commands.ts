import type { commands as english } from "../en/commands.ts";

export const commands: typeof english = {
  menu: "Befehle",
  placeholder: "Was möchtest du tun?",
  none: "Nichts passt. Versuch ein anderes Wort.",
  shortcuts: "Tastenkürzel",
  help: "Hilfe",
  goTo: "Gehe zu",
  settings: "Einstellungen",
  theme: (name) => `Darstellung: ${name}`,
  language: (name) => `Sprache: ${name}`,
  characterKeys: "Kürzel aus einem einzelnen Zeichen",
  characterKeysHint: "Schalte sie aus, wenn du diktierst oder Zeichen versehentlich auf der Seite landen.",
  keys: {
    mod: "Strg",
    alt: "Alt",
    shift: "Umschalt",
    Escape: "Esc",
    Enter: "Enter",
    Delete: "Entf",
    Space: "Leertaste",
    ArrowLeft: "←",
    ArrowRight: "→",
  },
};
