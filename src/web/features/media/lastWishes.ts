import { createContext } from "react";
import type { MadeKind } from "../../../shared/mediaModels.ts";
import type { MediaOptions } from "./orders.ts";

/** What a person has wished for so far, whether or not the model has it. */
export interface Wishes {
  kind: MadeKind;
  prompt: string;
  modelId: string | null;
  options: MediaOptions;
  count: number;
  seedText: string;
}

/** What was last wished for, so that it is there when its person comes back to the page. */
export class LastWishes {
  #wishes: Wishes | null = null;

  read(): Wishes | null {
    return this.#wishes;
  }

  keep(wishes: Wishes): void {
    this.#wishes = wishes;
  }
}

/** The workspace holds them, and so they are gone when their person signs out. */
export const LastWishesContext = createContext(new LastWishes());
