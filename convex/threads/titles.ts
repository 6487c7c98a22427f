import { characterCount, TITLE_CHARACTERS } from "../../src/shared/limits.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { refusal } from "../lib/errors.ts";

/** Characters of the first message that make a new chat's title. */
const PROVISIONAL_CHARACTERS = 60;

/** A title for a new chat: the beginning of its first message, cut between words. Pure. */
export function provisionalTitle(text: string): string {
  const line = text.replace(/\s+/gu, " ").trim();
  const characters = [...line];
  if (characters.length <= PROVISIONAL_CHARACTERS) return line;
  const cut = characters.slice(0, PROVISIONAL_CHARACTERS).join("");
  const lastSpace = cut.lastIndexOf(" ");
  return `${lastSpace > 0 ? cut.slice(0, lastSpace) : cut}…`;
}

/** A title as a person gave it, trimmed. Throws `invalid`. */
export function checkedTitle(title: string): string {
  const trimmed = title.trim();
  if (trimmed === "") throw refusal("invalid", "A title must not be empty.");
  if (characterCount(trimmed) > TITLE_CHARACTERS) {
    throw refusal("invalid", `A title can have up to ${TITLE_CHARACTERS} characters.`);
  }
  return trimmed;
}

/** Seals a title. Each change of a title is a revision of its own. */
export function sealTitle(seal: ThreadSeal, { title, rev }: { title: string; rev: number }): Promise<ArrayBuffer> {
  return seal.seal(titlePlace(seal, rev), title);
}

/** Opens a thread's title. */
export function openTitle(seal: ThreadSeal, thread: Doc<"threads">): Promise<string> {
  return seal.open(titlePlace(seal, thread.titleRev), thread.sealedTitle);
}

function titlePlace(seal: ThreadSeal, rev: number) {
  return { table: "threads", field: "title", rowId: seal.threadRecordId, rev };
}
