import { describe, expect, test } from "vitest";
import { CommandRegistry } from "../../src/web/app/commands/registry.ts";
import { isCharacterKey, keyLabels, matches } from "../../src/web/app/commands/shortcuts.ts";
import { commands as deutsch } from "../../src/web/words/de/commands.ts";

const press = (key: string, held: Partial<Record<"metaKey" | "ctrlKey" | "altKey" | "shiftKey", true>> = {}) => ({
  key,
  metaKey: false,
  ctrlKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

describe("a shortcut", () => {
  test("means Command on Apple's keyboards and Control elsewhere", () => {
    expect(matches("mod+k", press("k", { ctrlKey: true }), false)).toBe(true);
    expect(matches("mod+k", press("k", { metaKey: true }), false)).toBe(false);
    expect(matches("mod+k", press("k", { metaKey: true }), true)).toBe(true);
    expect(matches("mod+k", press("k", { ctrlKey: true }), true)).toBe(false);
  });

  test("needs exactly its own modifiers", () => {
    expect(matches("mod+shift+o", press("O", { ctrlKey: true, shiftKey: true }), false)).toBe(true);
    expect(matches("mod+shift+o", press("o", { ctrlKey: true }), false)).toBe(false);
    expect(matches("mod+k", press("k", { ctrlKey: true, altKey: true }), false)).toBe(false);
    expect(matches("mod+k", press("k"), false)).toBe(false);
  });

  test("of a lone sign does not ask which keys a keyboard needs for it", () => {
    expect(matches("?", press("?", { shiftKey: true }), false)).toBe(true);
    expect(matches("?", press("?"), false)).toBe(true);
    expect(matches("?", press("?", { ctrlKey: true }), false)).toBe(false);
    expect(["?", "mod+k", "Escape"].map(isCharacterKey)).toEqual([true, false, false]);
  });

  test("is shown as the keyboard names its keys", () => {
    expect(keyLabels("mod+shift+o", true, deutsch.keys)).toEqual(["⌘", "⇧", "O"]);
    expect(keyLabels("shift+mod+o", false, deutsch.keys)).toEqual(["Strg", "Umschalt", "O"]);
    expect(keyLabels("Escape", false, deutsch.keys)).toEqual(["Esc"]);
  });
});

describe("the commands on screen", () => {
  const command = (id: string, label = id) => ({ id, label, section: "Any" });

  test("are those of every component that is there, the latest of each", () => {
    const registry = new CommandRegistry();
    registry.put("sidebar", [command("a"), command("b")]);
    registry.put("page", [command("c")]);
    registry.put("sidebar", [command("a", "renamed")]);
    expect(registry.all().map(({ label }) => label)).toEqual(["renamed", "c"]);
    registry.remove("page");
    expect(registry.all().map(({ id }) => id)).toEqual(["a"]);
  });

  test("of one id are one, and the list changes only when they do", () => {
    const registry = new CommandRegistry();
    registry.put("page", [command("a", "first")]);
    registry.put("dialog", [command("a", "second")]);
    expect(registry.all().map(({ label }) => label)).toEqual(["second"]);
    expect(registry.all()).toBe(registry.all());
  });
});
