import { afterAll } from "vitest";
import { type Home, startHome } from "../support/home.ts";
import { demoToken, httpClient, planReplies } from "../support/people.ts";
import { describeBehaviour } from "./behaviour.ts";

let home: Home | undefined;
afterAll(() => home?.dispose());

describeBehaviour("the embedded runtime", async () => {
  const started = await startHome();
  home = started;
  await planReplies(started, { chunks: 4, charsPerChunk: 20, firstTokenMs: 0, intervalMs: 2 });
  return {
    stranger: async () => httpClient(started),
    person: async (email) => httpClient(started, await demoToken(started, email)),
  };
});
