import { characterCount, MESSAGE_TEXT_CHARACTERS } from "../../src/shared/limits.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { refusal } from "../lib/errors.ts";

/** A message's text as a person typed it. Throws `invalid` where it is empty or too long. */
export function checkedText(text: string): string {
  if (text.trim() === "") throw refusal("invalid", "A message must not be empty.");
  if (characterCount(text) > MESSAGE_TEXT_CHARACTERS) {
    throw refusal("invalid", `A message can have up to ${MESSAGE_TEXT_CHARACTERS} characters.`);
  }
  return text;
}

/** Seals a message's text. A text is sealed once: an edit makes another message. */
export function sealText(seal: ThreadSeal, recordId: string, text: string): Promise<ArrayBuffer> {
  return seal.seal(textPlace(recordId), text);
}

/** Opens a message's text, which is empty while a reply is streaming. */
export async function openText(seal: ThreadSeal, message: Doc<"messages">): Promise<string> {
  if (!message.sealedText) return "";
  return seal.open(textPlace(message.recordId), message.sealedText);
}

/** A piece of a reply in progress. */
export interface Piece {
  seq: number;
  text: string;
}

/** A piece of a reply in progress as it rests: reply, number and sealed text. */
export type SealedPiece = Pick<Doc<"deltas">, "r" | "n" | "t">;

/** Seals one piece of a reply in progress; `recordId` is the reply's. */
export async function sealPiece(seal: ThreadSeal, recordId: string, { seq, text }: Piece): Promise<SealedPiece> {
  return { r: recordId, n: seq, t: await seal.seal(piecePlace(recordId, seq), text) };
}

/** Opens one piece of a reply in progress. */
export async function openPiece(seal: ThreadSeal, { r: recordId, n: seq, t }: SealedPiece): Promise<Piece> {
  return { seq, text: await seal.open(piecePlace(recordId, seq), t) };
}

function textPlace(recordId: string) {
  return { table: "messages", field: "text", rowId: recordId, rev: 0 };
}

function piecePlace(recordId: string, seq: number) {
  return { table: "deltas", field: "text", rowId: recordId, rev: 0, part: seq };
}
