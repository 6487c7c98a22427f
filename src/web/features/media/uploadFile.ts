import type { RefusalData } from "../../../shared/errors.ts";
import { UPLOAD_BYTES } from "../../../shared/media.ts";
import { wordsNow } from "../../words/words.ts";

/** The server did not take a file, for a reason a person can read. */
export class UploadRefused extends Error {}

/** Uploads a file and gives the id of the medium it came to be. Throws `UploadRefused` with a sentence to show. */
export async function uploadFile(siteUrl: string, token: string | null, file: File): Promise<string> {
  if (file.size > UPLOAD_BYTES) throw new UploadRefused(`A file can have up to ${UPLOAD_BYTES / 1024 / 1024} MB.`);
  const response = await fetch(`${siteUrl}/media/upload`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${token}`,
      "Content-Type": file.type || "application/octet-stream",
      "X-File-Name": encodeURIComponent(file.name),
    },
    body: file,
  }).catch(() => {
    throw new UploadRefused("The file could not be sent. Check your connection and try again.");
  });
  const answer = (await response.json().catch(() => ({}))) as Partial<RefusalData> & { mediaId?: string };
  if (!answer.mediaId) throw new UploadRefused(answer.message ?? wordsNow().errors.unknown);
  return answer.mediaId;
}
