import clsx from "clsx";
import { ArrowUp, Square } from "lucide-react";
import { type DragEvent, type KeyboardEvent, type ReactNode, useState } from "react";
import { characterCount, MESSAGE_TEXT_CHARACTERS } from "../../../shared/limits.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";
import { AttachButton } from "../media/AttachButton.tsx";

/** Where there is a keyboard to write with. On a touch screen, Enter begins a new line and the button sends. */
const hasKeyboard = matchMedia("(pointer: fine)").matches;

/** With this little room left, in characters, the composer says so. */
const scarceRoom = 2_000;

interface ComposerProps {
  draft: string;
  onDraft: (draft: string) => void;
  onSend: (text: string) => void;
  /** Stops the reply in progress; absent when there is none. */
  onStop?: () => void;
  problem: string | null;
  /** A message is on its way, and a second must wait. */
  sending: boolean;
  /** Takes files that were chosen, pasted or dropped. */
  onFiles: (files: Iterable<File>) => void;
  /** What stands above the text: the files to go with it. */
  tray: ReactNode;
  /** What stands at the left of the bottom row: the model picker. */
  children: ReactNode;
}

/** Where a person writes. Enter sends, Shift+Enter begins a new line, Escape stops the reply in progress. */
export function Composer({ draft, onDraft, onSend, onStop, problem, sending, onFiles, tray, children }: ComposerProps) {
  const text = draft.trim();
  const sendable = text.length > 0 && characterCount(text) <= MESSAGE_TEXT_CHARACTERS && !sending && !onStop;
  const send = () => sendable && onSend(text);
  const words = useWords().messages;

  const { over, ...dropping } = useDropping(onFiles);
  const keyDown = (event: KeyboardEvent) => {
    // While an input method composes a character, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || !hasKeyboard || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      {problem && <Problem>{problem}</Problem>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        {...dropping}
        className={clsx(
          "rounded-2xl border border-edge bg-raised shadow-raised focus-within:border-accent focus-within:outline-1 focus-within:outline-accent",
          over && "border-accent bg-tint",
        )}
      >
        {tray}
        <textarea
          aria-label={words.message}
          placeholder={words.placeholder}
          value={draft}
          onChange={(event) => onDraft(event.target.value)}
          onKeyDown={keyDown}
          onPaste={({ clipboardData }) => onFiles(clipboardData.files)}
          rows={1}
          autoFocus={hasKeyboard}
          className="scroll-quiet field-sizing-content block max-h-[40dvh] min-h-[52px] w-full resize-none [overflow-wrap:anywhere] bg-transparent px-4 pt-3.5 pb-1 text-[16px] placeholder:text-muted focus:outline-none"
        />
        <div className="flex items-center gap-2 px-2 pb-2">
          <AttachButton onFiles={onFiles} />
          {children}
          <span className="flex-1" />
          <RoomLeft characters={MESSAGE_TEXT_CHARACTERS - characterCount(text)} />
          {onStop ? <StopButton onStop={onStop} /> : <SendButton enabled={sendable} />}
        </div>
      </form>
    </div>
  );
}

/** Takes files that are dropped on an element, and says whether some are held over it. */
function useDropping(onFiles: (files: Iterable<File>) => void) {
  const [over, setOver] = useState(false);
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer.types.includes("Files");
  return {
    over,
    onDragOver: (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      setOver(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      onFiles(event.dataTransfer.files);
    },
  };
}

function RoomLeft({ characters }: { characters: number }) {
  const words = useWords().messages;
  if (characters > scarceRoom) return null;
  return (
    <span role="status" className={clsx("text-[13px] tabular-nums", characters < 0 ? "text-danger" : "text-muted")}>
      {characters < 0 ? words.charactersTooMany(-characters) : words.charactersLeft(characters)}
    </span>
  );
}

const roundButton = "size-9 bg-accent text-on-accent hover:not-disabled:bg-accent-strong";

function SendButton({ enabled }: { enabled: boolean }) {
  const words = useWords().messages;
  return (
    <IconButton round label={words.send} type="submit" disabled={!enabled} className={roundButton}>
      <ArrowUp aria-hidden size={19} strokeWidth={2.3} />
    </IconButton>
  );
}

function StopButton({ onStop }: { onStop: () => void }) {
  const words = useWords().messages;
  return (
    <IconButton round label={words.stop} onClick={onStop} className={roundButton}>
      <Square aria-hidden size={13} fill="currentColor" />
    </IconButton>
  );
}
