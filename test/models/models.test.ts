import { describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { parseChatModels } from "../../src/shared/chatModels.ts";
import { parseMediaModels } from "../../src/shared/mediaModels.ts";
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

describe("models of pictures and videos", () => {
  const sizes = [{ sizes: { "1024x1024": 40, "512x512": 10 } }];

  function setUp(image: unknown, video: unknown): void {
    for (const [kind, models] of [
      ["IMAGE", image],
      ["VIDEO", video],
    ] as const) {
      vi.stubEnv(`${kind}_PROVIDER`, "openai");
      vi.stubEnv(`${kind}_BASE_URL`, "https://models.example/v1");
      vi.stubEnv(`${kind}_API_KEY`, "key");
      vi.stubEnv(`${kind}_MODELS`, JSON.stringify(models));
    }
  }

  it("are listed after those that write, with what they cost now", async () => {
    setUp(
      [{ id: "painter", label: "Painter", seed: true, prices: sizes }],
      [
        {
          id: "director",
          seconds: 5,
          longest: 10,
          ratios: ["16:9"],
          prices: [{ perSecond: 20 }, { from: "2999-01-01", perSecond: 90 }],
        },
      ],
    );
    const ada = await signedIn(startBackend());
    const models = await ada.query(api.models.list, {});
    expect(models.slice(2)).toEqual([
      {
        id: "painter",
        label: "Painter",
        modality: "image",
        seed: true,
        limits: { promptCharacters: 4_000 },
        prices: [
          { size: "1024x1024", credits: 40 },
          { size: "512x512", credits: 10 },
        ],
      },
      {
        id: "director",
        label: "director",
        modality: "video",
        seed: false,
        aspectRatios: ["16:9"],
        limits: { promptCharacters: 4_000, seconds: 10, defaultSeconds: 5 },
        prices: { perSecond: 20 },
      },
    ]);
  });

  it.each([
    ["image", undefined, "IMAGE_MODELS is not set"],
    ["image", "painter", "IMAGE_MODELS is not JSON"],
    ["image", "{}", "IMAGE_MODELS must be a JSON array"],
    ["image", "[]", "IMAGE_MODELS lists no model"],
    ["image", "[null]", "IMAGE_MODELS[0] must be an object"],
    ["image", '[{"label":"A"}]', "IMAGE_MODELS[0].id"],
    ["image", '[{"id":"a","label":7}]', "IMAGE_MODELS[0].label"],
    ["image", '[{"id":"a"}]', "IMAGE_MODELS[0].prices must be an array"],
    ["image", '[{"id":"a","prices":[{}]}]', "IMAGE_MODELS[0].prices[0].sizes must name at least one size"],
    [
      "image",
      '[{"id":"a","prices":[{"sizes":{"large":1}}]}]',
      "IMAGE_MODELS[0].prices[0].sizes must name sizes such as",
    ],
    [
      "image",
      '[{"id":"a","prices":[{"sizes":{"64x64":-1}}]}]',
      "IMAGE_MODELS[0].prices[0].sizes.64x64 must be a whole",
    ],
    ["image", '[{"id":"a","prices":[{"from":"soon","sizes":{"64x64":1}}]}]', "IMAGE_MODELS[0].prices[0].from"],
    ["video", '[{"id":"a","prices":[{}]}]', "VIDEO_MODELS[0].prices[0].perSecond"],
    ["image", '[{"id":"a","seed":7,"prices":[]}]', "IMAGE_MODELS[0].seed must be true or false"],
    ["video", '[{"id":"a","ratios":"16:9","prices":[]}]', "VIDEO_MODELS[0].ratios must list shapes"],
    ["video", '[{"id":"a","seconds":0,"prices":[{"perSecond":1}]}]', "VIDEO_MODELS[0].seconds"],
    ["video", '[{"id":"a","longest":1.5,"prices":[{"perSecond":1}]}]', "VIDEO_MODELS[0].longest"],
    ["video", '[{"id":"a","prices":[{"perSecond":1}]},{"id":"a","prices":[{"perSecond":1}]}]', "lists a model twice"],
  ] as const)("%s: %s is refused, saying what is wrong", (kind, json, complaint) => {
    expect(() => parseMediaModels(kind, json)).toThrow(complaint);
  });
});
