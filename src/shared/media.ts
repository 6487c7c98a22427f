/** The kinds of media and the types each may have, as IANA media types. Nothing else is stored. */
export const MEDIA_KINDS = {
  image: ["image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"],
  video: ["video/mp4", "video/webm"],
  document: ["application/pdf"],
  text: ["text/plain"],
} as const;

export type MediaKind = keyof typeof MEDIA_KINDS;
export type MediaType = (typeof MEDIA_KINDS)[MediaKind][number];

/** Longest file a person can upload; Convex ends HTTP bodies at 20 MiB. */
export const UPLOAD_BYTES = 16 * 1024 * 1024;
/** Longest file that is given in one answer, for the same reason; what is longer is had by ranges. */
export const WHOLE_ANSWER_BYTES = 16 * 1024 * 1024;
/** Most pixels of a picture: what opens to more is taken for a decompression bomb. */
export const PICTURE_PIXELS = 64_000_000;
/** Longest side of a thumbnail, in pixels. */
export const THUMBNAIL_PIXELS = 384;
/** Most files one message can carry. */
export const ATTACHMENTS_PER_MESSAGE = 10;
/** Longest name of a file, in characters. */
export const FILE_NAME_CHARACTERS = 200;

/** Longest description of a picture or a video to be made, in characters. */
export const PROMPT_CHARACTERS = 4_000;

/** Places in line that are counted: whoever waits further back is told that it is that many or more. */
export const PLACES_COUNTED = 50;

/** Why a job for a picture or a video failed. Stored as its code; the sentence is looked up on reading. */
export const MEDIA_JOB_ERRORS = {
  provider_unavailable: "The model could not be reached. Try again in a moment.",
  provider_busy: "The model is very busy right now. Try again in a minute.",
  provider_refused: "The model refused this prompt.",
  provider_failed: "The model could not make this. Try again.",
  provider_invalid: "The model sent something that is neither a picture nor a video.",
  result_too_large: "What the model made is larger than what can be kept.",
  storage_unavailable: "The result could not be stored. Try again in a moment.",
  abandoned: "Making this was interrupted. Try again.",
  fenced: "The account or the chat was closed while this was being made.",
} as const;

export type MediaJobErrorCode = keyof typeof MEDIA_JOB_ERRORS;

/** The kind a type belongs to. */
export function kindOf(mime: MediaType): MediaKind {
  const kinds = Object.entries(MEDIA_KINDS) as [MediaKind, readonly MediaType[]][];
  const [kind] = kinds.find(([, types]) => types.includes(mime)) ?? [];
  if (!kind) throw new Error(`Media of the type ${mime} is not stored`);
  return kind;
}
