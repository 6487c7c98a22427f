import { useMutation, useQuery } from "convex/react";
import { useNavigate } from "react-router";
import type { MadeKind } from "../../../shared/mediaModels.ts";
import { api, type Model } from "../../app/api.ts";
import { usagePath } from "../../app/paths.ts";
import { isRefusal, sentenceOf } from "../../app/sentences.ts";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { newRequestId } from "../messages/requestId.ts";
import { type MediaModel, type MediaOptions, optionsOfAnother, optionsOfEach } from "./orders.ts";

/** A picture or a video as it can be asked for again. */
export interface Order {
  kind: MadeKind;
  prompt: string;
  model: string;
  options: MediaOptions;
}

const noModels: MediaModel[] = [];
/** How long a way on is offered. */
const offerMs = 12_000;

/** The models that make pictures and videos; null until they are known. */
export function useMediaModels(): MediaModel[] | null {
  const models = useQuery(api.models.list, {});
  if (!models) return null;
  return models.length === 0 ? noModels : models.filter(isMediaModel);
}

/** Orders `count` of something, one after the other. Rejects with the refusal of the first that is not taken. */
export function useOrder(): (order: Order, count: number) => Promise<void> {
  const request = useMutation(api.media.request);
  return async ({ options, ...order }, count) => {
    for (const each of optionsOfEach(options, count)) {
      await request({ ...order, options: each, requestId: newRequestId() });
    }
  };
}

/** Orders another like one that was asked for before, and says so or why not. */
export function useAnother(): (order: Order) => Promise<void> {
  const order = useOrder();
  const models = useMediaModels();
  const notify = useNotice();
  const refused = useRefusalNotice();
  const { media } = useWords();
  return async ({ kind, prompt, model: modelId, options }) => {
    const offered = (models ?? noModels).filter(({ modality }) => modality === kind);
    // A model that is not offered any more makes way for the one that is now the default.
    const model = offered.find(({ id }) => id === modelId) ?? offered[0];
    const another = optionsOfAnother(model, options, Math.random());
    try {
      await order({ kind, prompt, model: model?.id ?? modelId, options: another }, 1);
      notify(media.anotherAsked);
    } catch (error) {
      refused(error);
    }
  };
}

/** Says why something was refused; where credits are missing, with the way to more. */
export function useRefusalNotice(): (error: unknown) => void {
  const notify = useNotice();
  const navigate = useNavigate();
  const { media } = useWords();
  return (error) => {
    const toUsage = { label: media.toUsage, run: () => void navigate(usagePath), shownMs: offerMs };
    notify(sentenceOf(error), isRefusal(error, "insufficient_credits") ? toUsage : undefined);
  };
}

function isMediaModel(model: Model): model is MediaModel {
  return model.modality !== "text";
}
