import { Paperclip } from "lucide-react";
import { useRef } from "react";
import { MEDIA_KINDS } from "../../../shared/media.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { useWords } from "../../words/words.ts";

/** What can go with a message, for the browser's file picker; the server looks at the content. */
const accepted = [...MEDIA_KINDS.image, "text/*"].join(",");

/** Asks for files to go with the message. */
export function AttachButton({ onFiles }: { onFiles: (files: Iterable<File>) => void }) {
  const words = useWords().messages;
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={accepted}
        aria-label={words.files}
        onChange={({ currentTarget }) => {
          onFiles(currentTarget.files ?? []);
          // So that the same file can be chosen again.
          currentTarget.value = "";
        }}
      />
      <IconButton label={words.attach} onClick={() => input.current?.click()} className="size-9">
        <Paperclip aria-hidden size={18} />
      </IconButton>
    </>
  );
}
