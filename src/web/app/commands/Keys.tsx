import { useWords } from "../../words/words.ts";
import { isApple } from "./keyboard.ts";
import { keyLabels } from "./shortcuts.ts";

/** The keys of a shortcut, each as a key. */
export function Keys({ shortcut }: { shortcut: string }) {
  const { commands } = useWords();
  return (
    <span className="flex shrink-0 gap-1">
      {keyLabels(shortcut, isApple, commands.keys).map((label) => (
        <kbd
          key={label}
          className="grid h-6 min-w-6 place-items-center rounded-md border border-line bg-sunken px-1.5 font-sans text-[12px] text-muted"
        >
          {label}
        </kbd>
      ))}
    </span>
  );
}
