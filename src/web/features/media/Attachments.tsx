import { FileText } from "lucide-react";
import type { Message } from "../../app/api.ts";
import { useWords } from "../../words/words.ts";
import { Medium } from "./Medium.tsx";
import { useMediaUrl } from "./useMediaUrl.ts";

type Attachment = Message["attachments"][number];

/** What came with a message: pictures and videos to look at, other files to save. */
export function Attachments({ attachments }: { attachments: Message["attachments"] }) {
  const { media } = useWords();
  return (
    <div className="flex flex-wrap justify-end gap-2">
      {attachments.map((medium) =>
        medium.kind === "image" || medium.kind === "video" ? (
          <Medium key={medium.mediaId} medium={medium} label={medium.name ?? media.attachedPicture} />
        ) : (
          <SavedFile key={medium.mediaId} medium={medium} />
        ),
      )}
    </div>
  );
}

function SavedFile({ medium }: { medium: Attachment }) {
  const { url } = useMediaUrl(medium.mediaId);
  const { media } = useWords();
  return (
    <a
      href={url ?? undefined}
      className="flex max-w-full items-center gap-2 rounded-lg border border-edge px-3 py-2 text-[14px] hover:bg-hover"
    >
      <FileText aria-hidden size={16} className="shrink-0" />
      <span className="min-w-0 [overflow-wrap:anywhere]">{medium.name ?? media.attachedFile}</span>
    </a>
  );
}
