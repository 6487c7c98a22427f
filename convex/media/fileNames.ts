import { FILE_NAME_CHARACTERS, kindOf, type MediaType } from "../../src/shared/media.ts";
import { UnfitFileError } from "./inspection/found.ts";

/** Endings that say a type, the usual one of each type first. Any other ending says nothing, as `.md` and `.ts` do of text. */
const ENDINGS: Record<string, MediaType> = {
  png: "image/png",
  apng: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  avif: "image/avif",
  mp4: "video/mp4",
  m4v: "video/mp4",
  webm: "video/webm",
  pdf: "application/pdf",
  txt: "text/plain",
};

/** Longest name given to what was made, without its ending. */
const MADE_NAME_CHARACTERS = 60;

/** Endings of programs and archives, none of whose types are kept: what bears one is not what it says. */
const NEVER = new Set(["exe", "dll", "msi", "bat", "cmd", "scr", "jar", "zip", "apk", "dmg", "iso"]);

/** Throws `UnfitFileError` where a name ends as another type's does, or is longer than a name may be. */
export function refuseFalseName(name: string | null, mime: MediaType): void {
  if (name === null) return;
  if (name.length > FILE_NAME_CHARACTERS) {
    throw new UnfitFileError(`The name of a file can have up to ${FILE_NAME_CHARACTERS} characters.`);
  }
  const ending = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const said = ENDINGS[ending];
  if (NEVER.has(ending) || (said && said !== mime)) {
    throw new UnfitFileError("The file is not of the type its name says.");
  }
}

/** The name of a picture or a video that was made: the beginning of what was asked for, as file systems take it. Pure. */
export function nameOfMade(prompt: string, mime: MediaType): string {
  const characters = Array.from(prompt.replace(/[\p{C}\s\\/:*?"<>|]+/gu, " ").trim());
  const beginning = characters.slice(0, MADE_NAME_CHARACTERS).join("");
  const words = characters.length > MADE_NAME_CHARACTERS ? beginning.replace(/ \S*$/, "") : beginning;
  const [ending] = Object.entries(ENDINGS).find(([, type]) => type === mime) ?? [];
  return `${words.replace(/^[. ]+|[. ]+$/g, "") || kindOf(mime)}.${ending}`;
}
