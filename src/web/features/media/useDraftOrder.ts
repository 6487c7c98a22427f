import { use, useEffect, useState } from "react";
import { useLocation } from "react-router";
import { characterCount } from "../../../shared/limits.ts";
import { PROMPT_CHARACTERS } from "../../../shared/media.ts";
import { LastWishesContext, type Wishes } from "./lastWishes.ts";
import { type MediaModel, optionsFor, readSeed } from "./orders.ts";
import type { Order } from "./useOrder.ts";

export type Draft = ReturnType<typeof useDraftOrder>;

const blank: Wishes = { kind: "image", prompt: "", modelId: null, options: {}, count: 1, seedText: "" };

/**
 * The order that a person is writing: it begins with the one another page has handed over, else as they left it. What is
 * wished for stays wished for while models are tried out, and `options` are those of the model that is chosen.
 */
export function useDraftOrder(catalogue: readonly MediaModel[]) {
  const last = use(LastWishesContext);
  const handed = useLocation().state as { order?: Order } | null;
  const [wishes, setWishes] = useState(() => (handed?.order ? wishesOf(handed.order) : (last.read() ?? blank)));
  useEffect(() => last.keep(wishes), [last, wishes]);
  const { kind, prompt, modelId, count, seedText } = wishes;
  const models = catalogue.filter(({ modality }) => modality === kind);
  const model = models.find(({ id }) => id === modelId) ?? models[0];
  const seed = readSeed(seedText);
  const promptCharacters = model?.limits.promptCharacters ?? PROMPT_CHARACTERS;
  const characters = characterCount(prompt.trim());
  return {
    ...{ kind, prompt, count, seedText, models, model, promptCharacters },
    wished: wishes.options,
    options: model ? optionsFor(model, { ...wishes.options, seed: seed ?? undefined }) : {},
    /** It says enough to be sent. */
    isReady: characters > 0 && characters <= promptCharacters && seed !== null,
    wish: (changed: Partial<Wishes>) => setWishes((before) => ({ ...before, ...changed })),
    /** Begins with an order that was made before, so that its words can be changed. */
    take: (order: Order) => setWishes(wishesOf(order)),
  };
}

function wishesOf({ kind, prompt, model, options }: Order): Wishes {
  return { ...blank, kind, prompt, modelId: model, options };
}
