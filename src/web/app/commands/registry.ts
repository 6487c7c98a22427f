import type { ReactNode } from "react";

/** Something a person can do, wherever they are: by the command menu, and by a shortcut if it has one. */
export interface Command {
  /** Unique among all commands, such as `threads.new`. */
  id: string;
  /** The heading it stands under in the menu and in the list of shortcuts. */
  section: string;
  label: string;
  icon?: ReactNode;
  /** Other words people may search for. */
  keywords?: string[];
  /** See `shortcuts.ts`. */
  shortcut?: string;
  /** Does it. Absent where the component that has the focus handles the key itself: it is then listed only. */
  run?: () => void;
}

/** The commands of everything that is on screen. */
export class CommandRegistry {
  readonly #byOwner = new Map<string, readonly Command[]>();
  readonly #listeners = new Set<() => void>();
  #all: readonly Command[] = [];

  /** Puts `commands` in place of those `owner` had. Of two with one id, the one registered later counts. */
  put(owner: string, commands: readonly Command[]): void {
    this.#byOwner.set(owner, commands);
    this.#changed();
  }

  remove(owner: string): void {
    this.#byOwner.delete(owner);
    this.#changed();
  }

  readonly all = (): readonly Command[] => this.#all;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #changed(): void {
    const byId = new Map([...this.#byOwner.values()].flat().map((command) => [command.id, command]));
    this.#all = [...byId.values()];
    for (const listener of this.#listeners) listener();
  }
}
