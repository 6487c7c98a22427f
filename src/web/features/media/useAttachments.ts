import { useMutation } from "convex/react";
import { useState } from "react";
import { ATTACHMENTS_PER_MESSAGE } from "../../../shared/media.ts";
import { api } from "../../app/api.ts";
import { useSiteUrl } from "../../app/siteUrl.ts";
import { useIdentity } from "../account/identity.ts";
import { uploadFile } from "./uploadFile.ts";

/** A file that is to go with the next message. */
export interface Attachment {
  key: string;
  name: string;
  /** How much of it was sent, from 0 to 1. */
  progress: number;
  /** Set once the server has the file. */
  mediaId: string | null;
  /** Why the server did not take it. */
  problem: string | null;
  /** Gives the upload up. */
  abort: () => void;
}

/** The files that are to go with the next message: uploaded as soon as they are chosen, so that sending need not wait. */
export function useAttachments() {
  const siteUrl = useSiteUrl();
  const { token } = useIdentity();
  const remove = useMutation(api.media.remove);
  const [attachments, setAttachments] = useState<Attachment[]>([]);
  const change = (key: string, news: Partial<Attachment>) =>
    setAttachments((all) => all.map((each) => (each.key === key ? { ...each, ...news } : each)));

  async function upload(key: string, file: File, signal: AbortSignal): Promise<void> {
    const onProgress = (progress: number) => change(key, { progress });
    try {
      change(key, { mediaId: await uploadFile({ siteUrl, token: await token(), file, signal, onProgress }) });
    } catch (error) {
      change(key, { problem: (error as Error).message });
    }
  }

  function add(files: Iterable<File>): void {
    for (const file of [...files].slice(0, ATTACHMENTS_PER_MESSAGE - attachments.length)) {
      const key = crypto.randomUUID();
      const stopping = new AbortController();
      const abort = () => stopping.abort();
      setAttachments((all) => [...all, { key, name: file.name, progress: 0, mediaId: null, problem: null, abort }]);
      void upload(key, file, stopping.signal);
    }
  }

  function drop({ key, mediaId, abort }: Attachment): void {
    setAttachments((all) => all.filter((each) => each.key !== key));
    abort();
    // What is not removed now is removed by the server within a day.
    if (mediaId) void remove({ mediaId }).catch(() => undefined);
  }

  return {
    attachments,
    add,
    drop,
    clear: () => setAttachments([]),
    restore: setAttachments,
    /** Some are still on their way. */
    uploading: attachments.some(({ mediaId, problem }) => mediaId === null && problem === null),
    mediaIds: attachments.flatMap(({ mediaId }) => mediaId ?? []),
  };
}
