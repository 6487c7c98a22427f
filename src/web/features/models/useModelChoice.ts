import { useQuery } from "convex/react";
import { type Account, api, type Model } from "../../app/api.ts";
import { useUpdateSettings } from "../account/useSettings.ts";

const noModels: Model[] = [];

/** The models that write, and the one that answers next: the person's choice, else the catalogue's first. */
export function useModelChoice({ settings }: Account) {
  const catalogue = useQuery(api.models.list) ?? noModels;
  const models = catalogue.filter(({ modality }) => modality === "text");
  const updateSettings = useUpdateSettings();
  const chosen = models.find(({ id }) => id === settings.defaultModel) ?? models[0];
  return { catalogue, models, chosen: chosen?.id, choose: (defaultModel: string) => updateSettings({ defaultModel }) };
}
