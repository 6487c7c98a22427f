import {
  createContext,
  lazy,
  type ReactNode,
  Suspense,
  use,
  useEffect,
  useEffectEvent,
  useId,
  useState,
  useSyncExternalStore,
} from "react";
import { useWords } from "../../words/words.ts";
import { characterKeysAreOn, isApple } from "./keyboard.ts";
import { type Command, CommandRegistry } from "./registry.ts";
import { isCharacterKey, matches } from "./shortcuts.ts";

const CommandMenu = lazy(() => import("./CommandMenu.tsx"));
const ShortcutList = lazy(() => import("./ShortcutList.tsx"));

type Window = "menu" | "shortcuts";

const CommandsContext = createContext<{ registry: CommandRegistry; open: (window: Window) => void } | null>(null);

/**
 * Offers `commands` in the command menu and under their shortcuts for as long as the component is on screen. The list
 * may be a new one each time: the latest counts.
 */
export function useCommands(commands: readonly Command[]): void {
  const { registry } = useCommandsContext();
  const owner = useId();
  useEffect(() => registry.put(owner, commands), [registry, owner, commands]);
  useEffect(() => () => registry.remove(owner), [registry, owner]);
}

/** Every command on screen, live. */
export function useAllCommands(): readonly Command[] {
  const { registry } = useCommandsContext();
  return useSyncExternalStore(registry.subscribe, registry.all);
}

/** Opens the command menu or the list of shortcuts. */
export function useOpenCommands(): (window: Window) => void {
  return useCommandsContext().open;
}

/** Listens for shortcuts, and holds the command menu and the list of shortcuts. */
export function CommandProvider({ children }: { children: ReactNode }) {
  const [registry] = useState(() => new CommandRegistry());
  const [shown, setShown] = useState<{ window: Window; opener: Element | null } | null>(null);
  const [context] = useState(() => ({
    registry,
    open: (window: Window) => setShown({ window, opener: document.activeElement }),
  }));

  const keyDown = useEffectEvent((event: KeyboardEvent) => {
    const command = registry.all().find((each) => each.run && answers(each, event));
    if (!command) return;
    event.preventDefault();
    command.run?.();
  });
  useEffect(() => {
    window.addEventListener("keydown", keyDown);
    return () => window.removeEventListener("keydown", keyDown);
  }, []);

  const closing = { returnFocusTo: shown?.opener ?? null, onClose: () => setShown(null) };
  return (
    <CommandsContext value={context}>
      {children}
      <OwnCommands />
      <Suspense fallback={null}>
        {shown?.window === "menu" && <CommandMenu {...closing} />}
        {shown?.window === "shortcuts" && <ShortcutList {...closing} />}
      </Suspense>
    </CommandsContext>
  );
}

function OwnCommands() {
  const { commands } = useWords();
  const { open } = useCommandsContext();
  useCommands([
    { id: "commands.menu", section: commands.help, label: commands.menu, shortcut: "mod+k", run: () => open("menu") },
    {
      id: "commands.shortcuts",
      section: commands.help,
      label: commands.shortcuts,
      shortcut: "?",
      run: () => open("shortcuts"),
    },
  ]);
  return null;
}

/** Whether a key press asks for `command`. Windows above the page keep their keys to themselves. */
function answers({ shortcut }: Command, event: KeyboardEvent): boolean {
  if (!shortcut || event.defaultPrevented || event.isComposing || !matches(shortcut, event, isApple)) return false;
  if (document.querySelector('[aria-modal="true"]')) return false;
  return !isCharacterKey(shortcut) || (characterKeysAreOn() && !isTyping(event.target));
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable=true]") !== null;
}

function useCommandsContext() {
  const context = use(CommandsContext);
  if (!context) throw new Error("Commands need CommandProvider above them");
  return context;
}
