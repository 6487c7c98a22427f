/**
 * Keyboard shortcuts are written as their keys joined by `+`: `mod+k`, `mod+shift+o`, `?`, `Escape`. `mod` is Command on
 * Apple's keyboards and Control elsewhere. Letters are written in lower case.
 */
type Keys = Pick<KeyboardEvent, "key" | "metaKey" | "ctrlKey" | "altKey" | "shiftKey">;

const modifierNames = ["mod", "alt", "shift"] as const;

/** Keys that have a name in words. */
export type KeyName =
  | (typeof modifierNames)[number]
  | "Escape"
  | "Enter"
  | "Delete"
  | "Space"
  | "ArrowLeft"
  | "ArrowRight";

/** Whether the keys pressed are those of `shortcut`. */
export function matches(shortcut: string, pressed: Keys, isApple: boolean): boolean {
  const { key, modifiers } = parse(shortcut);
  if (pressed.key.toLowerCase() !== key.toLowerCase()) return false;
  const mod = isApple ? pressed.metaKey : pressed.ctrlKey;
  const foreign = isApple ? pressed.ctrlKey : pressed.metaKey;
  if (foreign || mod !== modifiers.has("mod")) return false;
  // Which keys a sign such as "?" needs differs from keyboard to keyboard, so a lone sign is known by itself.
  if (isCharacterKey(shortcut)) return !mod;
  return pressed.altKey === modifiers.has("alt") && pressed.shiftKey === modifiers.has("shift");
}

/** Whether a shortcut is a single sign, which somebody who dictates may speak by accident. It can be switched off. */
export function isCharacterKey(shortcut: string): boolean {
  return [...shortcut].length === 1;
}

/** The keys of a shortcut in the order people press them, as their keyboard names them. */
export function keyLabels(shortcut: string, isApple: boolean, names: Record<KeyName, string>): string[] {
  const { key, modifiers } = parse(shortcut);
  const apple: Partial<Record<string, string>> = { mod: "⌘", alt: "⌥", shift: "⇧", Enter: "↵" };
  const labelOf = (name: string) =>
    (isApple ? apple[name] : undefined) ?? (names as Record<string, string>)[name] ?? name.toUpperCase();
  return [...modifierNames.filter((name) => modifiers.has(name)), key].map(labelOf);
}

function parse(shortcut: string): { key: string; modifiers: Set<string> } {
  const parts = shortcut.split("+");
  return { key: parts.at(-1) ?? "", modifiers: new Set(parts.slice(0, -1)) };
}
