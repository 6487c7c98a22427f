import { type ChatModel, parseChatModels } from "../../src/shared/chatModels.ts";
import { refusal } from "../lib/errors.ts";

/** The chat models of this deployment, the default first. Throws `unavailable` where none are set up. */
export function chatModels(): [ChatModel, ...ChatModel[]] {
  try {
    return parseChatModels(process.env.CHAT_MODELS) as [ChatModel, ...ChatModel[]];
  } catch (error) {
    console.error(error);
    throw refusal("unavailable", "No chat model is set up here yet.");
  }
}

/** The chat model of that id, or the default one. Throws `invalid` for an id that is not in the catalogue. */
export function chooseChatModel(id: string | undefined): ChatModel {
  const models = chatModels();
  const chosen = id === undefined ? models[0] : models.find((model) => model.id === id);
  if (!chosen) throw refusal("invalid", "This model is not available.");
  return chosen;
}

/** The chat model of that id while the catalogue has it, and the default one after. */
export function sameChatModel(id: string | undefined): ChatModel {
  const models = chatModels();
  return models.find((model) => model.id === id) ?? models[0];
}
