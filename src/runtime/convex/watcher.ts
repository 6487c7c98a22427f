/** Deploys again when a source file changes. */
import { existsSync, type FSWatcher, watch } from "node:fs";

/** Editors write a file in several steps. */
const QUIET_MS = 150;

export interface WatcherParts {
  folders: string[];
  redeploy: () => Promise<void>;
  log: (line: string) => void;
}

/** One deploy at a time; changes that arrive meanwhile lead to one more. */
export class Watcher {
  readonly #redeploy: () => Promise<void>;
  readonly #log: (line: string) => void;
  readonly #watches: FSWatcher[];
  #timer: NodeJS.Timeout | undefined;
  #deploying: Promise<void> = Promise.resolve();

  constructor({ folders, redeploy, log }: WatcherParts) {
    this.#redeploy = redeploy;
    this.#log = log;
    this.#watches = folders.filter(existsSync).map((folder) =>
      watch(folder, { recursive: true }, (_event, name) => {
        if (isSource(name)) this.#deploySoon();
      }),
    );
  }

  async close(): Promise<void> {
    for (const folder of this.#watches) folder.close();
    clearTimeout(this.#timer);
    await this.#deploying;
  }

  #deploySoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#deploying = this.#deploying.then(() => this.#deploy());
    }, QUIET_MS);
  }

  async #deploy(): Promise<void> {
    const startedMs = performance.now();
    try {
      await this.#redeploy();
      this.#log(`Functions reloaded in ${Math.round(performance.now() - startedMs)} ms.`);
    } catch (error) {
      this.#log(
        `The change was not deployed; what ran before still runs.\n${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

function isSource(name: string | null): boolean {
  return (
    name !== null && /\.(ts|tsx|js|jsx|mjs|cjs|mts|cts|json)$/.test(name) && !/(^|[\\/])_generated[\\/]/.test(name)
  );
}
