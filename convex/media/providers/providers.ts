"use node";

import type { MadeKind, MediaProviderName } from "../../../src/shared/mediaModels.ts";
import { type MediaProviderSettings, mediaSettings } from "../../models/mediaCatalogue.ts";
import { falMedia } from "./fal.ts";
import { openaiMedia } from "./openai.ts";
import { type MakeProvider, type MediaProvider, OrderError } from "./orders.ts";
import { replicateMedia } from "./replicate.ts";

const PROVIDERS: Record<MediaProviderName, MakeProvider> = {
  openai: openaiMedia,
  fal: falMedia,
  replicate: replicateMedia,
};

/** A provider that orders are with, and how it is reached. */
export interface OpenProvider {
  provider: MediaProvider;
  settings: MediaProviderSettings;
}

/** The provider of that name. Throws `OrderError` where the deployment has changed to another one since. */
export function openProvider(kind: MadeKind, name: MediaProviderName): OpenProvider {
  const settings = mediaSettings(kind);
  if (settings?.provider !== name) throw new OrderError("provider_unavailable", `${name} is not set up`);
  return { settings, provider: PROVIDERS[name](settings) };
}
