import { ConvexError } from "convex/values";
import type { RefusalData } from "../../../shared/errors.ts";
import { UPLOAD_BYTES } from "../../../shared/media.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { wordsNow } from "../../words/words.ts";

/** The server did not take a file, for a reason a person can read. */
export class UploadRefused extends Error {}

interface Upload {
  siteUrl: string;
  token: string | null;
  file: File;
  /** Gives the upload up. */
  signal: AbortSignal;
  /** Called with the share that was sent, from 0 to 1. */
  onProgress: (share: number) => void;
}

/** Uploads a file and gives the id of the medium it came to be. Throws `UploadRefused` with a sentence to show. */
export async function uploadFile(upload: Upload): Promise<string> {
  const { messages: words, formats } = wordsNow();
  if (upload.file.size > UPLOAD_BYTES) throw new UploadRefused(words.fileTooLarge(formats.bytes(UPLOAD_BYTES)));
  const answer = await send(upload).catch(() => {
    throw new UploadRefused(words.fileNotSent);
  });
  const { mediaId, ...refusal } = parsed(answer);
  if (!mediaId) throw new UploadRefused(sentenceOf(new ConvexError(refusal as RefusalData)));
  return mediaId;
}

/** Sends the file and gives the answer's text. By the older interface, since `fetch` does not tell how far it is. */
function send({ siteUrl, token, file, signal, onProgress }: Upload): Promise<string> {
  const request = new XMLHttpRequest();
  request.open("POST", `${siteUrl}/media/upload`);
  request.setRequestHeader("Authorization", `Bearer ${token}`);
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded / Math.max(1, total)));
    request.addEventListener("load", () => resolve(request.responseText));
    for (const end of ["error", "abort", "timeout"]) request.addEventListener(end, reject);
    request.send(file);
  });
}

function parsed(answer: string): Partial<RefusalData> & { mediaId?: string } {
  try {
    return JSON.parse(answer);
  } catch {
    return {};
  }
}
