import { useState } from "react";
import { Dialog } from "../../ui/Dialog.tsx";
import { Toggle } from "../../ui/Toggle.tsx";
import { useWords } from "../../words/words.ts";
import { useAllCommands } from "./Commands.tsx";
import { Keys } from "./Keys.tsx";
import { characterKeysAreOn, switchCharacterKeys } from "./keyboard.ts";
import type { Command } from "./registry.ts";

interface ShortcutListProps {
  onClose: () => void;
  /** Where the focus was before. */
  returnFocusTo: Element | null;
}

/** Every shortcut there is from here. */
export default function ShortcutList({ onClose, returnFocusTo }: ShortcutListProps) {
  const { commands: words } = useWords();
  const sections = Map.groupBy(useAllCommands().filter(hasShortcut), ({ section }) => section);
  return (
    <Dialog title={words.shortcuts} onClose={onClose} returnFocusTo={returnFocusTo}>
      <div className="scroll-quiet -mx-2 grid max-h-[60dvh] gap-5 overflow-y-auto px-2" tabIndex={-1}>
        {[...sections].map(([section, commands]) => (
          <section key={section} aria-label={section}>
            <h3 className="pb-1 text-[13px] font-medium text-muted">{section}</h3>
            <dl className="divide-y divide-line">
              {commands.map(({ id, label, shortcut }) => (
                <div key={id} className="flex items-center justify-between gap-4 py-1.5 text-[14.5px]">
                  <dt className="min-w-0">{label}</dt>
                  <dd>
                    <Keys shortcut={shortcut} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <CharacterKeys />
    </Dialog>
  );
}

function CharacterKeys() {
  const { commands: words } = useWords();
  const [on, setOn] = useState(characterKeysAreOn);
  const change = (next: boolean) => {
    switchCharacterKeys(next);
    setOn(next);
  };
  return <Toggle label={words.characterKeys} hint={words.characterKeysHint} checked={on} onChange={change} />;
}

function hasShortcut(command: Command): command is Command & { shortcut: string } {
  return command.shortcut !== undefined;
}
