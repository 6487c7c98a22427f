import { Paperclip } from "lucide-react";
import { useRef } from "react";
import { MEDIA_KINDS } from "../../../shared/media.ts";
import { IconButton } from "../../ui/IconButton.tsx";

/** What can go with a message, for the browser's file picker; the server looks at the content. */
const accepted = [...MEDIA_KINDS.image, "text/*"].join(",");

/** Asks for files to go with the message. */
export function AttachButton({ onFiles }: { onFiles: (files: Iterable<File>) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={accepted}
        aria-label="Files"
        onChange={({ currentTarget }) => {
          onFiles(currentTarget.files ?? []);
          // So that the same file can be chosen again.
          currentTarget.value = "";
        }}
      />
      <IconButton label="Attach files" onClick={() => input.current?.click()} className="size-9">
        <Paperclip aria-hidden size={18} />
      </IconButton>
    </>
  );
}
