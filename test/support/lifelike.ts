/** Fills a home with what somebody would have in it after some weeks, for pages that are looked at or measured. */
import { randomUUID } from "node:crypto";
import type { ConvexHttpClient } from "convex/browser";
import { api } from "../../convex/_generated/api.js";
import type { Home } from "./home.ts";
import { advanceClock, type Person, planReplies, signIn } from "./people.ts";

const DAY_MS = 24 * 60 * 60_000;
const JOB_LIMIT_MS = 60_000;
const POLL_MS = 100;
const TRIES = 5;
/** After so many days without use a chat has four of its sixty left. */
const NEARLY_OVER_DAYS = 56;
/** How far ahead of the machine's the clock of a home stands that was lived in. Browsers have to be told. */
export const LIVED_MS = NEARLY_OVER_DAYS * DAY_MS;

const questions = [
  "Draft a toast for a small wedding",
  "Explain tides to a ten-year-old",
  "Packing list for three rainy days",
  "Compare oat, soy and almond milk in a table",
  "A gentle way to decline an invitation",
  "Plan a week of dinners for two",
  "What should I ask when viewing a flat?",
  "Ideas for a windy balcony",
];
const prompts = ["a heron at dawn", "a lighthouse in fog, watercolour", "lemons on a blue table"];

/**
 * Lives in `home` as the person of that address for `days` days, up to now: the first chat is about to be deleted, one is
 * pinned, and now and then something is drawn. The clock stands where the last day ended.
 */
export async function liveIn(home: Home, { email, days }: { email: string; days: number }): Promise<Person> {
  await planReplies(home, { firstTokenMs: 0, intervalMs: 0 });
  const person = await signIn(home, email);
  await say(await person.http(), "Which train goes to the coast on a Sunday?");
  await advanceClock(home, (NEARLY_OVER_DAYS - days) * DAY_MS);
  for (let day = 0; day < days; day++) {
    await advanceClock(home, DAY_MS);
    await liveADay(await person.http(), day);
  }
  return person;
}

/** A chat on most days, a picture on some, and a video on the second. */
async function liveADay(client: ConvexHttpClient, day: number): Promise<void> {
  const work: Promise<unknown>[] = [];
  if (day % 7 < 5) work.push(chat(client, day));
  if (day % 5 === 0) work.push(make(client, { kind: "image", prompt: prompts[(day / 5) % prompts.length] as string }));
  if (day === 1) work.push(make(client, { kind: "video", prompt: "a paper boat on a river" }));
  await Promise.all(work);
}

async function chat(client: ConvexHttpClient, day: number): Promise<void> {
  const threadId = await say(client, questions[day % questions.length] as string);
  if (day === 1) await persistently(() => client.mutation(api.threads.setPinned, { threadId, pinned: true }));
}

/** Says something in a new chat and waits for the reply. Gives the chat. */
async function say(client: ConvexHttpClient, text: string): Promise<string> {
  const message = { requestId: randomUUID(), text };
  const sent = await persistently(() => client.mutation(api.messages.send, message));
  await persistently(() => client.action(api.messages.generate, { replyId: sent.replyId }));
  return sent.threadId;
}

/** Asks again what a very busy machine timed out. Every call here is one that may be repeated. */
async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left--) {
    try {
      return await call();
    } catch (error) {
      if (left === 1 || !String(error).includes("timed out")) throw error;
    }
  }
}

/** Has a picture or a video made, and waits until it is there. Throws where it fails. */
async function make(client: ConvexHttpClient, order: { kind: "image" | "video"; prompt: string }): Promise<void> {
  const request = { requestId: randomUUID(), ...order };
  const { jobId } = await persistently(() => client.mutation(api.media.request, request));
  for (let waitedMs = 0; waitedMs < JOB_LIMIT_MS; waitedMs += POLL_MS) {
    const { state } = await persistently(() => client.query(api.media.job, { jobId }));
    if (state === "done" && (await hasThumbnails(client))) return;
    if (state === "failed") break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`“${order.prompt}” was not made.`);
}

/** Whether no thumbnail is due any more: a clock that is moved on before would run past what makes them. */
async function hasThumbnails(client: ConvexHttpClient): Promise<boolean> {
  const paginationOpts = { numItems: 20, cursor: null };
  const { page } = await persistently(() => client.query(api.media.library, { paginationOpts }));
  return page.every(({ thumbnail }) => thumbnail !== "due");
}
