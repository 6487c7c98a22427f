/** The command menu and the list of shortcuts. */
export const commands = {
  menu: "Command menu",
  placeholder: "What do you want to do?",
  none: "Nothing fits. Try another word.",
  shortcuts: "Keyboard shortcuts",
  help: "Help",
  goTo: "Go to",
  settings: "Settings",
  theme: (name: string) => `Appearance: ${name}`,
  language: (name: string) => `Language: ${name}`,
  characterKeys: "Shortcuts of a single sign",
  characterKeysHint: "Switch them off if you dictate, or if signs reach the page by accident.",
  keys: { mod: "Ctrl", alt: "Alt", shift: "Shift", Escape: "Esc", Enter: "Enter" },
};
