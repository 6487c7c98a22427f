import { Command as CommandList } from "cmdk";
import { Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { useRef, useState } from "react";
import { focusOn } from "../../ui/focus.ts";
import { useWords } from "../../words/words.ts";
import { useAllCommands } from "./Commands.tsx";
import { Keys } from "./Keys.tsx";
import { isApple } from "./keyboard.ts";
import type { Command } from "./registry.ts";
import { matches } from "./shortcuts.ts";

interface CommandMenuProps {
  onClose: () => void;
  /** Where the focus was before. */
  returnFocusTo: Element | null;
}

/** Everything that can be done from here, found by typing. */
export default function CommandMenu({ onClose, returnFocusTo }: CommandMenuProps) {
  const { commands: words } = useWords();
  const chosen = useRef<Command | null>(null);
  const choose = (command: Command) => {
    chosen.current = command;
    onClose();
  };
  /** The focus goes back first, so that a command that opens a window of its own knows where it came from. */
  const leave = (event: Event) => {
    event.preventDefault();
    focusOn(returnFocusTo);
    chosen.current?.run?.();
  };
  const [search, setSearch] = useState("");
  const sections = Map.groupBy(useAllCommands().filter(isOffered), ({ section }) => section);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <div aria-hidden className="fixed inset-0 z-40 bg-shade backdrop-blur-[2px]" />
        <Dialog.Content
          aria-modal
          aria-describedby={undefined}
          onCloseAutoFocus={leave}
          onKeyDown={(event) => {
            if (!matches("mod+k", event, isApple)) return;
            event.preventDefault();
            onClose();
          }}
          className="appearing fixed top-[12dvh] left-1/2 z-50 w-[calc(100vw-32px)] max-w-[560px] -translate-x-1/2 overflow-hidden rounded-2xl border border-line bg-raised shadow-floating focus:outline-none"
        >
          <Dialog.Title className="sr-only">{words.menu}</Dialog.Title>
          <CommandList loop label={words.menu}>
            <div className="flex items-center gap-3 border-b border-line px-4">
              <Search aria-hidden size={17} className="shrink-0 text-muted" />
              <CommandList.Input
                value={search}
                onValueChange={setSearch}
                placeholder={words.placeholder}
                className="h-13 w-full bg-transparent text-[16px] placeholder:text-muted focus:outline-none"
              />
            </div>
            <CommandList.List className="scroll-quiet max-h-[min(56dvh,420px)] overflow-y-auto p-2">
              <CommandList.Empty className="px-3 py-6 text-center text-[14.5px] text-muted">
                {words.none}
              </CommandList.Empty>
              {[...sections].map(([section, commands]) => (
                <CommandList.Group
                  key={section}
                  heading={section}
                  className="[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-2.5 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-[12.5px] [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-muted"
                >
                  {commands.map((command) => (
                    <Item key={command.id} command={command} onSelect={() => choose(command)} />
                  ))}
                </CommandList.Group>
              ))}
            </CommandList.List>
          </CommandList>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Item({ command, onSelect }: { command: Command; onSelect: () => void }) {
  const { id, label, icon, keywords = [], shortcut } = command;
  return (
    <CommandList.Item
      value={id}
      keywords={[label, ...keywords]}
      onSelect={onSelect}
      className="flex min-h-10 cursor-pointer items-center gap-3 rounded-lg px-3 py-1.5 text-[14.5px] select-none data-[selected=true]:bg-hover"
    >
      <span className="grid size-4 shrink-0 place-items-center text-muted">{icon}</span>
      <span className="min-w-0 flex-1 truncate">{label}</span>
      {shortcut && <Keys shortcut={shortcut} />}
    </CommandList.Item>
  );
}

/** What the menu has a line for: all that can be run, but for opening the menu itself. */
function isOffered({ id, run }: Command): boolean {
  return run !== undefined && id !== "commands.menu";
}
