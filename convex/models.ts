import { v } from "convex/values";
import { MESSAGE_TEXT_CHARACTERS } from "../src/shared/limits.ts";
import { viewerQuery } from "./lib/functions.ts";
import { chatModels } from "./models/catalogue.ts";

/** The catalogue of models, the default first. Throws `unauthenticated`, and `unavailable` where none are set up. */
export const list = viewerQuery({
  args: {},
  returns: v.array(
    v.object({
      id: v.string(),
      label: v.string(),
      modality: v.literal("text"),
      limits: v.object({ contextTokens: v.number(), outputTokens: v.number(), textCharacters: v.number() }),
    }),
  ),
  handler: async () =>
    chatModels().map(({ id, label, contextTokens, outputTokens }) => ({
      id,
      label,
      modality: "text" as const,
      limits: { contextTokens, outputTokens, textCharacters: MESSAGE_TEXT_CHARACTERS },
    })),
});
