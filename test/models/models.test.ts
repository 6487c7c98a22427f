import { describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { parseChatModels } from "../../src/shared/chatModels.ts";
import { DEFAULT_TOKEN_PRICES } from "../../src/shared/prices.ts";
import { refusalOf, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";

useBackendEnvironment();

describe("the catalogue", () => {
  it("lists the models of CHAT_MODELS with their limits, the default first", async () => {
    const ada = await signedIn(startBackend());
    expect(await ada.query(api.models.list, {})).toEqual([
      {
        id: "small",
        label: "Small",
        modality: "text",
        images: false,
        limits: { contextTokens: 32_000, outputTokens: 4_000, textCharacters: 32_000 },
        prices: { inputPer1000: 1, outputPer1000: 4 },
      },
      {
        id: "large",
        label: "large",
        modality: "text",
        images: false,
        limits: { contextTokens: 32_000, outputTokens: 4_000, textCharacters: 32_000 },
        prices: { inputPer1000: 1, outputPer1000: 4 },
      },
    ]);
  });

  it("is for people who are signed in", async () => {
    expect(await refusalOf(startBackend().query(api.models.list, {}))).toBe("unauthenticated");
  });

  it("is unavailable while no models are set up", async () => {
    const ada = await signedIn(startBackend());
    vi.stubEnv("CHAT_MODELS", "");
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await refusalOf(ada.query(api.models.list, {}))).toBe("unavailable");
  });
});

describe("CHAT_MODELS", () => {
  it("gives each model a label and limits of its own or the usual ones", () => {
    const json =
      '[{"id":"a/b-1","label":"A","context":128000,"output":8192,"images":true,"prices":[{"input":2,"output":9}]},{"id":"c"}]';
    const prices = [{ validFromAt: 0, inputPer1000: 2, outputPer1000: 9 }];
    expect(parseChatModels(json)).toEqual([
      { id: "a/b-1", label: "A", contextTokens: 128_000, outputTokens: 8_192, images: true, prices },
      { id: "c", label: "c", contextTokens: 32_000, outputTokens: 4_000, images: false, prices: DEFAULT_TOKEN_PRICES },
    ]);
  });

  it.each([
    [undefined, "CHAT_MODELS is not set"],
    ["small,large", "CHAT_MODELS is not JSON"],
    ["{}", "CHAT_MODELS must be a JSON array"],
    ["[]", "CHAT_MODELS lists no model"],
    ["[3]", "CHAT_MODELS[0] must be an object"],
    ['[{"id":"a"},{"label":"B"}]', "CHAT_MODELS[1].id"],
    ['[{"id":"a","label":1}]', "CHAT_MODELS[0].label"],
    ['[{"id":"a","context":"big"}]', "CHAT_MODELS[0].context"],
    ['[{"id":"a","output":0}]', "CHAT_MODELS[0].output"],
    ['[{"id":"a","images":"yes"}]', "CHAT_MODELS[0].images"],
    ['[{"id":"a"},{"id":"a"}]', "CHAT_MODELS lists a model twice"],
  ])("%j is refused: %s", (json, message) => {
    expect(() => parseChatModels(json)).toThrow(message);
  });
});
