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

/** Seals one piece of a reply in progress; `recordId` is the reply's. */
export function sealDelta(seal: ThreadSeal, recordId: string, { seq, text }: Delta): Promise<ArrayBuffer> {
  return seal.seal(deltaPlace(recordId, seq), text);
}

/** Opens one piece of a reply in progress. */
export function openDelta(seal: ThreadSeal, recordId: string, delta: SealedDelta): Promise<string> {
  return seal.open(deltaPlace(recordId, delta.seq), delta.text);
}

/** A piece of a reply in progress. */
interface Delta {
  seq: number;
  text: string;
}

/** A piece of a reply in progress as it rests. */
export interface SealedDelta {
  seq: number;
  text: ArrayBuffer;
}

function textPlace(recordId: string) {
  return { table: "messages", field: "text", rowId: recordId, rev: 0 };
}

function deltaPlace(recordId: string, seq: number) {
  return { table: "deltas", field: "text", rowId: recordId, rev: 0, part: seq };
}
