/** The log lines of one execution, within Convex's limits. */
import { inspect } from "node:util";
import type { LogLevel } from "./globals/host.ts";

export const LOG_LINES_MAX = 256;
const LINE_BYTES_MAX = 32_768;

export class LogLines {
  readonly lines: string[] = [];

  add(level: LogLevel, message: string): void {
    this.append([`[${level}] ${shortened(message)}`]);
  }

  /** Takes over the lines of a nested call. */
  append(lines: string[]): void {
    for (const line of lines) {
      if (this.lines.length >= LOG_LINES_MAX) return;
      const isLast = this.lines.length === LOG_LINES_MAX - 1;
      this.lines.push(isLast ? `[ERROR] Log overflow (maximum ${LOG_LINES_MAX}). Remaining log lines omitted.` : line);
    }
  }
}

/** Renders a value as Convex's logs do: strings quoted, objects in full. */
export function renderForLog(value: unknown): string {
  return inspect(value, { depth: 8, maxStringLength: LINE_BYTES_MAX, breakLength: 120 });
}

function shortened(message: string): string {
  if (Buffer.byteLength(message) <= LINE_BYTES_MAX) return message;
  // As a stream, so that half a character at the end is left out.
  const kept = new TextDecoder().decode(Buffer.from(message).subarray(0, LINE_BYTES_MAX), { stream: true });
  return `${kept} (truncated)`;
}
