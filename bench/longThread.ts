/**
 * Opening a chat of ten thousand messages beside one of fifty, searching it, and what a fast reply costs the page, in a real
 * browser.
 */
import type { FunctionReturnType } from "convex/server";
import type { Browser, Page } from "playwright-core";
import { api } from "../convex/_generated/api.js";
import { launchBrowser } from "../test/support/browser.ts";
import { type Home, startHome } from "../test/support/home.ts";
import { fillChats } from "../test/support/longChats.ts";
import { openSignedIn } from "../test/support/pages.ts";
import { planReplies, replyEnded, send, signIn } from "../test/support/people.ts";
import { type Measurement, median } from "./measurement.ts";

const EMAIL = "ada@example.com";
const [SHORT, LONG] = [50, 10_000];
const OPENINGS = 10;
/** Of so many messages one has the word that is searched for. */
const RARITY = 500;
/** A hundred tokens a second, of four characters each, for ten seconds. */
const FAST = { firstTokenMs: 0, intervalMs: 10, charsPerChunk: 4, chunks: 1_000 };

/** What happened on the page's main thread. */
interface Strain {
  /** The longest task, in milliseconds of the processor's time. */
  longestTaskMs: number;
  /** From a key to the frame that shows its letter, in milliseconds. */
  keysMs: number[];
}

export async function measureLongThread(): Promise<Measurement[]> {
  const home = await startHome();
  const browser = await launchBrowser();
  try {
    await fill(home);
    const page = await openSignedIn(await browser.newContext({ locale: "en-US" }), home, EMAIL);
    const openings: Record<"short" | "long", number[]> = { short: [], long: [] };
    for (let opening = 0; opening < OPENINGS; opening += 1) {
      openings.short.push(await measureOpening(page, "The short one", `Message ${SHORT - 1}.`));
      openings.long.push(await measureOpening(page, "The long one", `Message ${LONG - 1}.`));
    }
    const search = await measureSearch(home);
    const strain = await measureStrain(browser, page, home);
    const count = LONG.toLocaleString("en");
    return [
      {
        name: `opening a chat of ${count} messages at its end, median of ${OPENINGS}`,
        value: median(openings.long),
        unit: "ms",
        against: { name: `one of ${SHORT}`, value: median(openings.short) },
        target: { of: "ratio", atMost: 1.5 },
      },
      {
        name: `first hits of a search among ${count} messages, one of ${RARITY} of which match`,
        value: search.firstMs,
        unit: "ms",
        target: { of: "value", atMost: 1_000 },
      },
      { name: `the whole search, ${search.hits} hits`, value: search.wholeMs, unit: "ms" },
      {
        name: "longest task of the page while a reply streams at 100 tokens a second, processor time",
        value: strain.longestTaskMs,
        unit: "ms",
        target: { of: "value", atMost: 100 },
      },
      {
        name: "from a key to its letter meanwhile, median",
        value: median(strain.keysMs),
        unit: "ms",
        target: { of: "value", atMost: 100 },
      },
    ];
  } finally {
    await browser.close();
    await home.dispose();
  }
}

async function fill(home: Home): Promise<void> {
  await planReplies(home, { firstTokenMs: 0, intervalMs: 0 });
  const person = await signIn(home, EMAIL);
  const tab = person.openTab();
  const textOf = (index: number) => {
    const bird = index % RARITY === RARITY - 1 ? "A heron flew by. " : "";
    return `Message ${index}.\n\n${bird}${"And some words more about it. ".repeat(index % 9)}`;
  };
  const threadIds: string[] = [];
  for (const text of ["The short one", "The long one"]) {
    const sent = await send(tab, { text });
    await replyEnded(tab, sent);
    threadIds.push(sent.threadId);
  }
  await person.leave();
  await fillChats(
    home,
    threadIds.map((threadId, index) => ({ threadId, count: [SHORT, LONG][index] as number, textOf })),
  );
}

/** From the press on a chat in the list to the frame that shows its last message. */
async function measureOpening(page: Page, title: string, lastMessage: string): Promise<number> {
  await page.getByRole("link", { name: "New chat" }).first().click();
  await page.getByRole("heading", { name: /mind/ }).waitFor();
  const link = page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: title });
  return link.evaluate(untilShown, lastMessage);
}

/** Runs in the page. */
function untilShown(link: HTMLElement | SVGElement, text: string): Promise<number> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const look = () => {
      const last = [...document.querySelectorAll("article")].at(-1);
      if (last?.textContent.includes(text)) resolve(performance.now() - startedMs);
      else requestAnimationFrame(look);
    };
    (link as HTMLElement).click();
    requestAnimationFrame(look);
  });
}

/** Searches as the page does: call after call, until everything was looked through. */
async function measureSearch(home: Home): Promise<{ firstMs: number; wholeMs: number; hits: number }> {
  const client = await (await signIn(home, EMAIL)).http();
  const startedMs = performance.now();
  let firstMs = Number.NaN;
  let hits = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const found: FunctionReturnType<typeof api.threads.search> = await client.action(api.threads.search, {
      query: "heron",
      cursor,
    });
    if (hits === 0 && found.hits.length > 0) firstMs = performance.now() - startedMs;
    hits += found.hits.length;
    cursor = found.cursor;
  }
  return { firstMs, wholeMs: performance.now() - startedMs, hits };
}

/** Has a long reply written at full speed, and types meanwhile. */
async function measureStrain(browser: Browser, page: Page, home: Home): Promise<Strain> {
  await planReplies(home, FAST);
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
  const composer = page.getByRole("textbox", { name: "Message" });
  await composer.fill("Tell me everything");
  await composer.press("Enter");
  const reply = page.locator("article[data-state=streaming]");
  await reply.waitFor();
  const keysMs: number[] = [];
  while ((await reply.count()) > 0) keysMs.push(await composer.evaluate(typeLetter));
  return { longestTaskMs: longestTask((await browser.stopTracing()).toString()), keysMs };
}

/** Runs in the page: a letter is typed, as a keyboard would, and shows in the frame after the next. */
function typeLetter(field: HTMLElement | SVGElement): Promise<number> {
  const startedMs = performance.now();
  (field as HTMLTextAreaElement).focus();
  document.execCommand("insertText", false, "a");
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - startedMs)));
  });
}

/** One event of Chromium's trace. Durations are in microseconds; `tdur` is the processor's time. */
interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args?: { name?: string };
}

/** The longest task of the page's main thread, in milliseconds of the processor's time: other programs do not count. */
function longestTask(trace: string): number {
  const events = (JSON.parse(trace) as { traceEvents: TraceEvent[] }).traceEvents;
  const named = events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const isMain = ({ pid, tid }: TraceEvent) => named.some((thread) => thread.pid === pid && thread.tid === tid);
  const tasks = events.filter((event) => event.name.endsWith("RunTask") && isMain(event));
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur), 0) / 1_000;
}
