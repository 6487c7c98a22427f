import clsx from "clsx";
import { FileText, X } from "lucide-react";
import { IconButton } from "../../ui/IconButton.tsx";
import { useWords } from "../../words/words.ts";
import type { Attachment } from "./useAttachments.ts";

interface AttachmentTrayProps {
  attachments: Attachment[];
  onDrop: (attachment: Attachment) => void;
}

/** The files that will go with the message being written, each with its state and a way to leave it out. */
export function AttachmentTray({ attachments, onDrop }: AttachmentTrayProps) {
  const words = useWords().messages;
  if (attachments.length === 0) return null;
  return (
    <ul aria-label={words.filesToSend} className="flex flex-wrap gap-2 px-3 pt-3">
      {attachments.map((attachment) => (
        <li
          key={attachment.key}
          className={clsx(
            "relative flex max-w-full items-center gap-2 overflow-hidden rounded-lg border py-1 pr-1 pl-2.5 text-[14px]",
            attachment.problem ? "border-danger text-danger" : "border-edge",
          )}
        >
          <FileText aria-hidden size={16} className="shrink-0" />
          <span className="min-w-0 [overflow-wrap:anywhere]">
            {attachment.name}
            {attachment.problem && <span role="alert">: {attachment.problem}</span>}
          </span>
          <IconButton label={words.leaveOut(attachment.name)} onClick={() => onDrop(attachment)} className="size-7">
            <X aria-hidden size={15} />
          </IconButton>
          {!attachment.mediaId && !attachment.problem && <Progress {...attachment} />}
        </li>
      ))}
    </ul>
  );
}

function Progress({ name, progress }: Attachment) {
  const words = useWords().messages;
  const percent = Math.round(progress * 100);
  return (
    <div
      role="progressbar"
      aria-label={words.uploading(name)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className="absolute inset-x-0 bottom-0 h-0.75 bg-hover"
    >
      <div style={{ width: `${Math.max(4, percent)}%` }} className="breathing h-full bg-accent" />
    </div>
  );
}
