import { expect, it } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { readMessages, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { says, startProvider } from "../support/provider.ts";

useBackendEnvironment();

it("a message that is sent is answered, and both are found again", async () => {
  await using provider = await startProvider(says("Hello", " there", "."));
  const ada = await signedIn(startBackend());
  const sent = await ada.mutation(api.messages.send, { requestId: crypto.randomUUID(), text: "Hi, who is there?" });
  expect(await ada.action(api.messages.generate, { replyId: sent.replyId })).toEqual({ claimed: true });

  const [reply, message] = await readMessages(ada, sent.threadId);
  expect(message).toMatchObject({ _id: sent.messageId, role: "user", text: "Hi, who is there?", state: "complete" });
  expect(reply).toMatchObject({
    _id: sent.replyId,
    role: "assistant",
    text: "Hello there.",
    state: "complete",
    model: "small",
    usage: { inputTokens: 11, outputTokens: 7, credits: 1, source: "provider" },
    error: null,
  });
  expect(provider.requests).toMatchObject([
    { model: "small", messages: [{ role: "user", content: "Hi, who is there?" }] },
  ]);
});
