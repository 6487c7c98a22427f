/** One line that counts, for commands that take long. Says nothing unless the output is a terminal. */
const SHOWN_EVERY_MS = 200;

/** Shows `text` in place of what was shown before, on a terminal only; an empty text clears the line. */
export function showLine(text: string, output: NodeJS.WriteStream = process.stderr): void {
  if (output.isTTY) output.write(`\r\u001b[K${text}`);
}

export class Progress {
  readonly #what: string;
  readonly #total: number | undefined;
  readonly #output: NodeJS.WriteStream;
  /** The first count is shown at once. */
  #shownAtMs = Number.NEGATIVE_INFINITY;

  /** Without `total` where nobody knows it before the end. */
  constructor(what: string, total?: number, output: NodeJS.WriteStream = process.stderr) {
    this.#what = what;
    this.#total = total;
    this.#output = output;
  }

  reached(count: number): void {
    const nowMs = performance.now();
    if (!this.#output.isTTY || nowMs - this.#shownAtMs < SHOWN_EVERY_MS) return;
    this.#shownAtMs = nowMs;
    const reached = this.#total === undefined ? `${count}` : `${count} of ${this.#total}`;
    showLine(`${reached} ${this.#what}`, this.#output);
  }

  /** Clears the line. */
  end(): void {
    showLine("", this.#output);
  }
}
