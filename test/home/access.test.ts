/** Every public function, tried by those who may not, and with what nobody should send. */
import { randomUUID } from "node:crypto";
import type { ConvexHttpClient } from "convex/browser";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { ERROR_CODES } from "../../src/shared/errors.ts";
import { fittingArguments, misfittingArguments } from "../support/arbitraryArguments.ts";
import { type Home, startHome } from "../support/home.ts";
import { httpClient, type Person, planReplies, replyEnded, send, signIn } from "../support/people.ts";
import { call, isIdName, type PublicFunction, publicFunctions, sampleArguments } from "../support/publicFunctions.ts";

const FUZZ_RUNS = 25;

let home: Home;
let ada: Person;
let adaClient: ConvexHttpClient;
let bobClient: ConvexHttpClient;
/** Ids by the name of the argument that takes them. */
let adasIds: Record<string, string>;
let bobsIds: Record<string, string>;
let adasUserId: string;

beforeAll(async () => {
  home = await startHome();
  await planReplies(home, { chunks: 3, charsPerChunk: 20, firstTokenMs: 0, intervalMs: 5 });
  ada = await signIn(home, "ada@example.com");
  const bob = await signIn(home, "bob@example.com");
  [adaClient, bobClient] = await Promise.all([ada.http(), bob.http()]);
  [adasIds, bobsIds] = await Promise.all([makeThings(ada), makeThings(bob)]);
  const me = await adaClient.query(api.account.me, {});
  adasUserId = me?.userId ?? "";
});
afterAll(() => home?.dispose());

/** Somebody's chat with a reply, uploaded file and ordered picture, as ids by the name of the argument that takes them. */
async function makeThings(person: Person): Promise<Record<string, string>> {
  const tab = person.openTab();
  const sent = await send(tab, { text: "A question of my own" });
  await tab.action(api.messages.generate, { replyId: sent.replyId });
  await replyEnded(tab, sent);
  const order = { requestId: randomUUID(), kind: "image", prompt: "A lighthouse of my own" } as const;
  const { jobId } = await tab.mutation(api.media.request, order);
  const mediaId = await upload(person, "A file of my own");
  // What is still being made would appear among somebody's files later, and look like the doing of someone else.
  await vi.waitFor(async () => expect(await tab.query(api.media.job, { jobId })).toMatchObject({ state: "done" }), {
    timeout: 45_000,
    interval: 200,
  });
  await person.leave();
  return { threadId: sent.threadId, messageId: sent.messageId, replyId: sent.replyId, jobId, mediaId };
}

async function upload(person: Person, text: string): Promise<string> {
  const response = await fetch(`${home.urls.site}/media/upload`, {
    method: "POST",
    headers: { authorization: `Bearer ${await person.token()}`, "content-type": "text/plain" },
    body: text,
  });
  if (!response.ok) throw new Error(`The upload answers ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { mediaId: string }).mediaId;
}

/** All that Ada has, as she sees it. */
async function adasView() {
  const paginationOpts = { numItems: 50, cursor: null };
  const threads = await adaClient.query(api.threads.list, { view: "recent", paginationOpts });
  const messages = await adaClient.query(api.messages.list, { threadId: adasIds.threadId ?? "", paginationOpts });
  const library = await adaClient.query(api.media.library, { paginationOpts });
  return { threads: threads.page, messages: messages.page, files: library.page.map(({ mediaId }) => mediaId) };
}

const takesIds = publicFunctions.filter(({ fields }) => Object.keys(fields).some(isIdName));
const byPath = (functions: readonly PublicFunction[]) => functions.map((each) => [each.path, each] as const);

describe("every public function", () => {
  test("is found by this test: there are as many as the contract names", () => {
    expect(publicFunctions.length).toBeGreaterThan(15);
    expect(takesIds.length).toBeGreaterThan(8);
  });

  test.each(byPath(publicFunctions))("[A18] %s refuses those who are not signed in", async (path, fn) => {
    const result = await call(httpClient(home), fn, sampleArguments(fn, adasIds));
    // The page asks `account:me` to find out whether anyone is signed in.
    if (path === "account:me") expect(result).toEqual({ value: null });
    else expect(result).toMatchObject({ refusal: { code: "unauthenticated" } });
  });

  test.each(byPath(takesIds))(
    "[A18] [B29] %s treats another person's ids as if they did not exist",
    async (_path, fn) => {
      const before = await adasView();
      for (const name of Object.keys(fn.fields).filter(isIdName)) {
        const stolen = sampleArguments(fn, { ...bobsIds, [name]: adasIds[name] ?? "" });
        expect(await call(bobClient, fn, stolen)).toMatchObject({ refusal: { code: "not_found" } });
      }
      expect(await adasView()).toEqual(before);
    },
  );

  test.each(byPath(takesIds))(
    "%s refuses malformed ids and ids of other tables without a stack trace",
    async (_path, fn) => {
      const names = Object.keys(fn.fields).filter(isIdName);
      const strange = ["", "nonsense", adasUserId, "j57dn9x0w3c8m1v2b4k6h8f0q1d2e3r4", "\u0000", "💥".repeat(100)];
      for (const name of names) {
        for (const id of strange) {
          const result = await call(bobClient, fn, sampleArguments(fn, { ...bobsIds, [name]: id }));
          expect(result, `${name} = ${JSON.stringify(id)}`).toMatchObject({
            refusal: {
              code: expect.stringMatching(/^(?:not_found|invalid)$/),
              message: expect.not.stringMatching(/\.ts:|\bat /),
            },
          });
        }
      }
    },
  );

  test.each(byPath(publicFunctions))(
    "%s answers any fitting arguments with a value or a known refusal",
    async (path, fn) => {
      const carol = await (await signIn(home, `fuzz-${path.replace(":", "-")}@example.com`)).http();
      const ids = [...Object.values(adasIds), ...Object.values(bobsIds), adasUserId];
      const before = await adasView();
      await fc.assert(
        fc.asyncProperty(fittingArguments(fn.fields, ids), async (args) => {
          const result = await call(carol, fn, args);
          if ("error" in result) throw new Error(`${path} broke: ${result.error}`);
          if ("refusal" in result) expect(ERROR_CODES).toContain(result.refusal.code);
        }),
        { numRuns: FUZZ_RUNS, interruptAfterTimeLimit: 20_000 },
      );
      expect(await adasView()).toEqual(before);
    },
  );

  test.each(byPath(publicFunctions))("%s refuses arguments that do not fit", async (path, fn) => {
    await fc.assert(
      fc.asyncProperty(misfittingArguments(fn.fields, [adasUserId]), async (args) => {
        const result = await call(bobClient, fn, args);
        expect(result, path).toMatchObject({ error: expect.stringContaining("ArgumentValidationError") });
      }),
      { numRuns: 8 },
    );
  });
});
