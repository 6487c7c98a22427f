import { Pencil } from "lucide-react";
import { type FormEvent, type KeyboardEvent, type ReactNode, useRef } from "react";
import { MESSAGE_TEXT_CHARACTERS } from "../../../shared/limits.ts";
import type { Message } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { useWords } from "../../words/words.ts";
import { Attachments } from "../media/Attachments.tsx";
import { CopyButton } from "./CopyButton.tsx";

interface PersonMessageProps {
  text: string;
  attachments?: Message["attachments"];
  /** The text is being changed. */
  editing?: boolean;
  /** Begins to change the text; absent where that cannot be done now. */
  onEdit?: () => void;
  /** Ends it, with the new text, or null to leave it as it was. */
  onEdited?: (text: string | null) => void;
  /** The arrows between versions. */
  children?: ReactNode;
}

/** What a person wrote, shown exactly as they wrote it, below the files that came with it. */
export function PersonMessage({ text, attachments = [], editing, onEdit, onEdited, children }: PersonMessageProps) {
  const words = useWords().messages;
  const editButton = useRef<HTMLButtonElement>(null);
  const edited = (changed: string | null) => {
    onEdited?.(changed);
    // The field is gone with this, and the focus would be with it.
    requestAnimationFrame(() => editButton.current?.focus());
  };
  return (
    <article aria-label={words.you} className="group/message -mb-3 grid justify-items-end gap-1">
      {attachments.length > 0 && <Attachments attachments={attachments} />}
      {editing ? (
        <EditForm text={text} onEdited={edited} />
      ) : (
        <div className="max-w-[min(85%,36rem)] rounded-2xl rounded-br-md bg-tint px-4 py-2.5 [overflow-wrap:anywhere] whitespace-pre-wrap">
          {text}
        </div>
      )}
      {!editing && (
        <div className="flex h-8 items-center">
          <div className="flex opacity-0 transition-opacity group-focus-within/message:opacity-100 group-hover/message:opacity-100 pointer-coarse:opacity-100">
            <CopyButton text={text} label={words.copyMessage} />
            {onEdit && (
              <IconButton ref={editButton} label={words.edit} onClick={onEdit} className="size-8">
                <Pencil aria-hidden size={15} />
              </IconButton>
            )}
          </div>
          {children}
        </div>
      )}
    </article>
  );
}

function EditForm({ text, onEdited }: { text: string; onEdited: (text: string | null) => void }) {
  const { messages: words, app } = useWords();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const changed = String(new FormData(event.currentTarget).get("text") ?? "").trim();
    onEdited(changed === "" || changed === text ? null : changed);
  };
  const keyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") onEdited(null);
    else if (event.key === "Enter" && !event.shiftKey) event.currentTarget.form?.requestSubmit();
    else return;
    event.preventDefault();
  };
  return (
    <form
      onSubmit={submit}
      className="grid w-full gap-2 rounded-2xl border border-edge bg-raised p-2 shadow-raised focus-within:border-accent focus-within:outline-1 focus-within:outline-accent"
    >
      <textarea
        name="text"
        aria-label={words.editing}
        defaultValue={text}
        maxLength={MESSAGE_TEXT_CHARACTERS}
        onKeyDown={keyDown}
        autoFocus
        onFocus={({ currentTarget }) => currentTarget.setSelectionRange(text.length, text.length)}
        className="scroll-quiet field-sizing-content max-h-[40dvh] min-h-[44px] w-full resize-none bg-transparent px-2 pt-1.5 text-[16px] [overflow-wrap:anywhere] focus:outline-none"
      />
      <div className="flex justify-end gap-2">
        <Button small onClick={() => onEdited(null)}>
          {app.cancel}
        </Button>
        <Button small kind="primary" type="submit">
          {words.editSend}
        </Button>
      </div>
    </form>
  );
}
