/** What a message that begins with a command asks to be made. */
export interface MediaCommand {
  kind: "image" | "video";
  prompt: string;
}

const command = /^\/(image|video)\s+(\S.*)$/is;

/** Reads `/image …` and `/video …`; null for a message that is none of these. */
export function readCommand(text: string): MediaCommand | null {
  const [, kind, prompt] = command.exec(text.trim()) ?? [];
  return kind && prompt ? { kind: kind.toLowerCase() as MediaCommand["kind"], prompt } : null;
}
