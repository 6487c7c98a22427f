import clsx from "clsx";
import { FileText, LoaderCircle, X } from "lucide-react";
import { IconButton } from "../../ui/IconButton.tsx";
import type { Attachment } from "./useAttachments.ts";

/** The files that will go with the message being written, each with its state and a way to leave it out. */
export function AttachmentTray({
  attachments,
  onDrop,
}: {
  attachments: Attachment[];
  onDrop: (attachment: Attachment) => void;
}) {
  if (attachments.length === 0) return null;
  return (
    <ul aria-label="Files to send" className="flex flex-wrap gap-2 px-3 pt-3">
      {attachments.map((attachment) => (
        <li
          key={attachment.key}
          className={clsx(
            "flex max-w-full items-center gap-2 rounded-lg border py-1 pr-1 pl-2.5 text-[14px]",
            attachment.problem ? "border-danger text-danger" : "border-edge",
          )}
        >
          {attachment.mediaId || attachment.problem ? (
            <FileText aria-hidden size={16} className="shrink-0" />
          ) : (
            <LoaderCircle aria-label="Uploading" size={16} className="shrink-0 animate-spin" />
          )}
          <span className="min-w-0 [overflow-wrap:anywhere]">
            {attachment.name}
            {attachment.problem && <span role="alert">: {attachment.problem}</span>}
          </span>
          <IconButton label={`Leave out ${attachment.name}`} onClick={() => onDrop(attachment)} className="size-7">
            <X aria-hidden size={15} />
          </IconButton>
        </li>
      ))}
    </ul>
  );
}
