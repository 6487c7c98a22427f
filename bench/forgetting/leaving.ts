/** How long it takes from the deletion of a person at the identity provider until a home has stopped, fenced and erased. */
import { setTimeout as sleep } from "node:timers/promises";
import { api } from "../../convex/_generated/api.js";
import { type Home, startHome } from "../../test/support/home.ts";
import { clerkOf, receiptsIn, subjectOf } from "../../test/support/insideHomes.ts";
import { planReplies, readModels, send, signIn } from "../../test/support/people.ts";
import { type Measurement, median } from "../measurement.ts";

const PEOPLE = 5;
const LOOK_EVERY_MS = 10;
const GIVEN_UP_MS = 60_000;
/** A reply that goes on for longer than anything that is measured here. */
const LONG_REPLY = { chunks: 5_000, charsPerChunk: 10, firstTokenMs: 0, intervalMs: 50 };
const STREAMING_MS = 2_000;

/** What one person's leaving took, each from the deletion on. */
interface Leaving {
  fencedMs: number;
  stoppedMs: number;
  goneMs: number;
}

/** Lets people leave one after another, each while a reply is being written to them. */
export async function measureLeaving(onProgress: (text: string) => void): Promise<Measurement[]> {
  const home = await startHome();
  try {
    await planReplies(home, LONG_REPLY);
    const leavings: Leaving[] = [];
    for (let index = 0; index < PEOPLE; index++) {
      onProgress(`person ${index + 1} of ${PEOPLE} leaves`);
      leavings.push(await leave(home, index));
    }
    const [name, unit] = ["a small account, deleted at the identity provider", "ms"] as const;
    const within = (what: string, of: keyof Leaving, atMost: number): Measurement => ({
      ...{ name: `${name}: ${what}`, unit, target: { of: "value", atMost } },
      value: median(leavings.map((leaving) => leaving[of])),
    });
    return [
      within("until the fence", "fencedMs", 1_000),
      within("until the model that writes to it is told to stop", "stoppedMs", 2_000),
      within("until its rows and objects are gone and the receipt is written", "goneMs", 10_000),
    ];
  } finally {
    await home.dispose();
  }
}

async function leave(home: Home, index: number): Promise<Leaving> {
  const person = await signIn(home, `person${index}@example.com`);
  const client = await person.http();
  const tab = person.openTab();
  await upload(home, await person.token());
  const sent = await send(tab, { text: "Tell me everything about tides" });
  const generating = tab.action(api.messages.generate, { replyId: sent.replyId }).catch(() => undefined);
  await sleep(STREAMING_MS);

  const receipts = (await receiptsIn(home)).length;
  const startedMs = performance.now();
  await clerkOf(home).users.deleteUser(subjectOf(await person.token()));
  const since = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) {
      if (performance.now() - startedMs > GIVEN_UP_MS) throw new Error("A person who left is still here");
      await sleep(LOOK_EVERY_MS);
    }
    return performance.now() - startedMs;
  };
  const [fencedMs, stoppedMs, goneMs] = await Promise.all([
    since(async () => (await client.query(api.account.me, {})) === null),
    since(async () => (await readModels(home)).requests.every(({ ending }) => ending !== "running")),
    since(async () => (await receiptsIn(home)).length > receipts),
  ]);
  await generating;
  await person.leave();
  return { fencedMs, stoppedMs, goneMs };
}

/** One file, so that the bucket has something to delete. */
async function upload(home: Home, token: string): Promise<void> {
  const answer = await fetch(`${home.urls.site}/media/upload`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "text/plain", "x-file-name": "notes.txt" },
    body: "Notes about tides",
  });
  if (!answer.ok) throw new Error(`The upload answers ${answer.status}`);
}
