import { useAction } from "convex/react";
import { useState } from "react";
import { api } from "../../app/api.ts";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import type { LibraryMedium } from "./optimism.ts";
import { saveMedium } from "./saveMedium.ts";

/** Saves a medium as a file, once at a time. `status` says how far it is while it comes in parts, and is empty else. */
export function useDownload(medium: LibraryMedium | undefined): { download: () => void; status: string } {
  const ticket = useAction(api.media.ticket);
  const notify = useNotice();
  const { formats, media } = useWords();
  const [share, setShare] = useState<number | null>(null);

  async function save({ mediaId, contentBytes, name }: LibraryMedium): Promise<void> {
    setShare(0);
    const addressOf = async () => (await ticket({ mediaId })).url;
    const saving = { addressOf, contentBytes, name: name ?? media.attachedFile, onProgress: setShare };
    await saveMedium(saving).catch(() => notify(media.downloadFailed));
    setShare(null);
  }
  return {
    download: () => void (medium && share === null && save(medium)),
    status: share === null ? "" : media.downloading(formats.percent(share)),
  };
}
