import { characterCount } from "../../src/shared/limits.ts";
import { PROMPT_CHARACTERS } from "../../src/shared/media.ts";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { refusal } from "../lib/errors.ts";

/** What a person wants to be made, as typed. Throws `invalid` where it is empty or too long. */
export function checkedPrompt(prompt: string): string {
  if (prompt.trim() === "") throw refusal("invalid", "Say what is to be made.");
  if (characterCount(prompt) > PROMPT_CHARACTERS) {
    throw refusal("invalid", `A description can have up to ${PROMPT_CHARACTERS} characters.`);
  }
  return prompt;
}

/** Seals a job's prompt. */
export function sealPrompt(seal: ThreadSeal, recordId: string, prompt: string): Promise<ArrayBuffer> {
  return seal.seal(promptPlace(recordId), prompt);
}

/** Opens a job's prompt. Throws `SealBrokenError`. */
export function openPrompt(seal: ThreadSeal, recordId: string, sealedPrompt: ArrayBuffer): Promise<string> {
  return seal.open(promptPlace(recordId), sealedPrompt);
}

function promptPlace(recordId: string) {
  return { table: "mediaJobs", field: "prompt", rowId: recordId, rev: 0 };
}
