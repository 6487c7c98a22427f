import { createContext, type RefObject } from "react";
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

/**
 * What was last wished for, so that it is there when its person comes back to the page. The workspace holds it, and so it is
 * gone when they sign out.
 */
export const LastWishesContext = createContext<RefObject<Wishes | null>>({ current: null });
