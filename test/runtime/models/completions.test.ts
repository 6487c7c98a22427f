import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import { expect, test, vi } from "vitest";
import { countTokens } from "../../../src/runtime/models/tokenRule.ts";
import { API_KEY, eventsOf, startTestModels, textOf } from "./support.ts";

const AT_ONCE = { firstTokenMs: 0, intervalMs: 0 };

test("the same conversation gets the same reply, streamed or whole; another gets another", async () => {
  const { complete, control } = await startTestModels();
  await control(AT_ONCE);
  const streamed = textOf(await eventsOf(await complete({ stream: true })));
  const whole = await (await complete({})).json();
  expect(whole.choices[0].message).toEqual({ role: "assistant", content: streamed });
  expect(streamed).toContain("stand-in");
  const other = await (await complete({ messages: [{ role: "user", content: "Something else" }] })).json();
  expect(other.choices[0].message.content).not.toBe(streamed);
});

test("a reply repeats a bit of the question, not all of it", async () => {
  const { complete, control } = await startTestModels();
  await control(AT_ONCE);
  const question = `Why is ${"the sky ".repeat(40)}blue?`;
  const messages = [
    { role: "system", content: "SYSTEM SECRET" },
    { role: "user", content: [{ type: "text", text: question }] },
  ];
  const text = (await (await complete({ messages })).json()).choices[0].message.content;
  expect(text).toContain(question.slice(0, 80));
  expect(text).not.toContain(question);
  expect(text).not.toContain("SYSTEM SECRET");
});

test("usage follows the stated rule and comes in a stream only when asked for", async () => {
  const { complete, control } = await startTestModels();
  await control(AT_ONCE);
  const asked = await eventsOf(await complete({ stream: true, stream_options: { include_usage: true } }));
  expect(asked.at(-1)).toBe("[DONE]");
  const last = JSON.parse(asked.at(-2)!);
  const completion = countTokens(textOf(asked));
  expect(last.choices).toEqual([]);
  expect(last.usage).toMatchObject({
    prompt_tokens: countTokens("Hello there"),
    completion_tokens: completion,
    total_tokens: countTokens("Hello there") + completion,
  });
  expect((await eventsOf(await complete({ stream: true }))).join("")).not.toContain("usage");
});

test("max_tokens ends a reply with the reason length", async () => {
  const { complete, control } = await startTestModels();
  await control(AT_ONCE);
  const { choices, usage } = await (await complete({ max_tokens: 5 })).json();
  expect([choices[0].finish_reason, choices[0].message.content.length, usage.completion_tokens]).toEqual([
    "length",
    20,
    5,
  ]);
  expect((await (await complete({})).json()).choices[0].finish_reason).toBe("stop");
});

test("the AI SDK streams text, reasoning and usage from the stand-in", async () => {
  const { url, control } = await startTestModels();
  await control(AT_ONCE);
  const provider = createOpenAICompatible({
    name: "standin",
    baseURL: `${url}/v1`,
    apiKey: API_KEY,
    includeUsage: true,
  });
  const result = streamText({ model: provider("standin-thinker"), prompt: "Hello" });
  expect(await result.text).toContain("stand-in");
  expect(await result.reasoningText).toContain("I am a stand-in");
  expect((await result.usage).outputTokens).toBeGreaterThan(100);
});

test("characters beyond the basic plane are never cut in two", async () => {
  const { complete, control } = await startTestModels();
  await control({ ...AT_ONCE, charsPerChunk: 1 });
  const events = await eventsOf(
    await complete({ stream: true, messages: [{ role: "user", content: "🙂".repeat(100) }] }),
  );
  const deltas = events.slice(0, -1).map((event) => JSON.parse(event).choices[0].delta.content ?? "");
  expect(deltas.filter((delta) => /\p{Surrogate}/u.test(delta))).toEqual([]);
  expect(deltas).toContain("🙂");
});

test("models are listed for whoever has the key", async () => {
  const { url } = await startTestModels();
  const list = (key: string) => fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  const { data } = await (await list(API_KEY)).json();
  expect(data.map(({ id }: { id: string }) => id)).toEqual([
    "standin-swift",
    "standin-steady",
    "standin-thinker",
    "standin-sketch",
    "standin-reel",
  ]);
  const refused = await list("wrong");
  expect([refused.status, (await refused.json()).error.code]).toEqual([401, "invalid_api_key"]);
});

test.each([
  ["an unknown model", { model: "gpt-x" }, 404, "model_not_found"],
  ["no messages", { messages: [] }, 400, "invalid_request_error"],
  ["rubbish", { messages: 3 }, 400, "invalid_request_error"],
])("%s is refused in OpenAI's shape", async (_what, body, status, code) => {
  const { complete } = await startTestModels();
  const refused = await complete(body);
  expect([refused.status, (await refused.json()).error.code]).toEqual([status, code]);
});

test("a plan paces exactly that many chunks against the start, and their times can be read back", async () => {
  const { complete, control } = await startTestModels();
  await control({ chunks: 50, charsPerChunk: 20, firstTokenMs: 20, intervalMs: 10 });
  const events = await eventsOf(await complete({ stream: true, stream_options: { include_usage: true } }));
  expect(textOf(events)).toHaveLength(1000);
  expect(JSON.parse(events.at(-2)!).usage.completion_tokens).toBe(250);
  const [request] = (await control()).body.requests;
  expect(request).toMatchObject({ model: "standin-swift", stream: true, ending: "complete" });
  const times: number[] = request.chunkTimesMs;
  expect(times).toHaveLength(50);
  // A timer counts whole milliseconds, and so may its start: early by less than two. Lateness is the machine's and is
  // not asserted.
  for (const [index, at] of times.entries()) expect(at - request.receivedAtMs).toBeGreaterThan(20 + index * 10 - 2);
});

test("a client that goes away is seen", async () => {
  const { complete, control } = await startTestModels();
  await control({ chunks: 1000, intervalMs: 20, firstTokenMs: 0 });
  const gone = new AbortController();
  const response = await complete({ stream: true }, { signal: gone.signal });
  await response.body!.getReader().read();
  gone.abort();
  await vi.waitFor(async () => expect((await control()).body.requests[0].ending).toBe("aborted"));
});

test("a failing status is answered as often as planned, for the planned model only", async () => {
  const { complete, control } = await startTestModels();
  await control(AT_ONCE);
  await control({ model: "standin-swift", failStatus: 429, retryAfterSeconds: 7, times: 2 });
  const first = await complete({});
  expect([first.status, first.headers.get("retry-after")]).toEqual([429, "7"]);
  expect((await first.json()).error.code).toBe("rate_limit_exceeded");
  expect((await complete({ model: "standin-steady" })).status).toBe(200);
  expect([(await complete({})).status, (await complete({})).status]).toEqual([429, 200]);
});

test("a stream is cut off after the planned chunks, which arrive first", async () => {
  const { complete, control } = await startTestModels();
  await control({ chunks: 10, cutAfterChunks: 3, charsPerChunk: 5, ...AT_ONCE });
  const response = await complete({ stream: true });
  let text = "";
  const read = async () => {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) text += part;
  };
  await expect(read()).rejects.toThrow("terminated");
  const events = [...text.matchAll(/^data: (.*)$/gm)].map((match) => match[1]!);
  expect(textOf(events)).toHaveLength(15);
  expect((await control()).body.requests[0].ending).toBe("cut");
});

test("garbage follows the planned chunks, in a stream and in a whole answer", async () => {
  const { complete, control } = await startTestModels();
  await control({ chunks: 10, garbageAfterChunks: 2, ...AT_ONCE });
  const events = await eventsOf(await complete({ stream: true }));
  expect(() => JSON.parse(events.at(-1)!)).toThrow(SyntaxError);
  expect(() => JSON.parse(events.at(-2)!)).not.toThrow();
  await expect((await complete({})).json()).rejects.toThrow(SyntaxError);
});

test("a hanging stream stays open and silent until the client gives up", async () => {
  const { complete, control } = await startTestModels();
  await control({ chunks: 10, hangAfterChunks: 1, ...AT_ONCE });
  const gone = new AbortController();
  const reader = (await complete({ stream: true }, { signal: gone.signal })).body!.getReader();
  await vi.waitFor(async () => expect((await control()).body.requests[0].chunkTimesMs).toHaveLength(1));
  expect((await control()).body.requests[0].ending).toBe("running");
  gone.abort();
  await expect(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  ).rejects.toThrow("aborted");
  await vi.waitFor(async () => expect((await control()).body.requests[0].ending).toBe("aborted"));
});

test("what was received can be read back by the admin only, is bounded, and is forgotten on reset", async () => {
  const { url, complete, control } = await startTestModels();
  await control({ failStatus: 500 });
  for (let index = 0; index < 205; index += 1) await complete({ user: `u${index}` });
  const { requests } = (await control()).body;
  expect([requests.length, requests[0].body.user]).toEqual([200, "u5"]);
  expect((await fetch(`${url}/_control`)).status).toBe(401);
  expect((await control({ nonsense: 1 })).status).toBe(400);
  expect((await control({ reset: true })).body).toEqual({ plans: [], requests: [], videos: [] });
});
