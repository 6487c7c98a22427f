/** A chat of ten thousand messages, in headless Chromium against a whole home. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserOrReason, launchBrowser } from "../support/browser.ts";
import { type Home, startHome } from "../support/home.ts";
import { fillChats } from "../support/longChats.ts";
import { planReplies, readMetrics, replyEnded, send, signIn } from "../support/people.ts";

const EMAIL = "ada@example.com";
const WAIT_MS = 30_000;
const [SHORT, LONG] = [50, 10_000];
/** What may be in the page of a chat, however long it is. */
const MOST_MESSAGE_NODES = 200;

const found = browserOrReason();
if ("reason" in found) console.log(`Left out: the long chat in a browser (${found.reason}).`);

/** Messages of different heights, each of which says its number. */
function textOf(index: number): string {
  const lines = Array.from({ length: index % 7 }, (_, line) => `- point ${line} of what is said here`);
  return [`Message ${index}.`, "", ...lines].join("\n");
}

describe.skipIf("reason" in found)("a chat of ten thousand messages", () => {
  let home: Home;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    home = await startHome();
    await planReplies(home, { firstTokenMs: 0, intervalMs: 0 });
    const person = await signIn(home, EMAIL);
    const tab = person.openTab();
    const begun = await Promise.all([send(tab, { text: "The short one" }), send(tab, { text: "The long one" })]);
    await Promise.all(begun.map((sent) => replyEnded(tab, sent)));
    await person.leave();
    const [short, long] = begun.map(({ threadId }) => threadId);
    await fillChats(home, [
      { threadId: short as string, count: SHORT, textOf },
      { threadId: long as string, count: LONG, textOf },
    ]);
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
    page.setDefaultTimeout(WAIT_MS);
    await page.goto(home.urls.web);
    await page.getByLabel("Email").fill(EMAIL);
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "Message" }).waitFor();
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await home?.dispose();
  });

  const log = () => page.getByRole("region", { name: "Messages" });
  const nodes = () => log().getByRole("article").count();

  /** Opens a chat from the list, waits for its last message, and says what that cost the functions. */
  async function open(name: string, lastMessage: string): Promise<{ calls: number; documents: number }> {
    await readMetrics(home, { reset: true });
    await page.getByRole("link", { name }).click();
    await log().getByText(lastMessage, { exact: true }).waitFor();
    await page.waitForTimeout(300);
    const { functions } = await readMetrics(home);
    const list = functions["messages:list"];
    return { calls: list?.calls ?? 0, documents: list?.documentsRead ?? 0 };
  }

  test("opens at its end for what one with fifty costs", async () => {
    const short = await open("The short one", `Message ${SHORT - 1}.`);
    const long = await open("The long one", `Message ${LONG - 1}.`);
    expect(long).toEqual(short);
    expect(await nodes()).toBeLessThan(60);
    await expect(
      log()
        .getByText(`Message ${LONG - 1}.`, { exact: true })
        .isVisible(),
    ).resolves.toBe(true);
  });

  test("is scrolled up for hundreds of messages without a gap, and keeps few of them in the page", async () => {
    const seen = await page.evaluate(scrollUp, { screens: 130 });
    expect(seen.gaps).toEqual([]);
    expect(seen.mostNodes).toBeLessThan(MOST_MESSAGE_NODES);
    expect(seen.first).toBeLessThan(LONG - 300);
    // In order, and none left out between the first and the last that were seen.
    expect(seen.numbers).toEqual(Array.from({ length: LONG - seen.first }, (_, index) => seen.first + index));
  });
});

/** Runs in the page: scrolls up screen by screen, and looks at each whether messages cover it. */
async function scrollUp({ screens }: { screens: number }) {
  const log = document.querySelector("section[aria-label=Messages]") as HTMLElement;
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const gaps: string[] = [];
  const numbers = new Set<number>();
  let mostNodes = 0;
  for (let screen = 0; screen < screens; screen++) {
    if (screen > 0) log.scrollTop -= log.clientHeight * 0.8;
    await frame();
    await frame();
    const { top, bottom } = log.getBoundingClientRect();
    const articles = [...log.querySelectorAll("article")];
    mostNodes = Math.max(mostNodes, articles.length);
    for (const article of articles) numbers.add(Number(/Message (\d+)\./.exec(article.innerText)?.[1] ?? Number.NaN));
    const boxes = articles.map((article) => (article.parentElement as HTMLElement).getBoundingClientRect());
    for (let y = top + 40; y < bottom - 40; y += 40) {
      if (!boxes.some((box) => box.top <= y + 1 && box.bottom >= y - 1)) gaps.push(`screen ${screen}, at ${y}`);
    }
    // Where the top is near, earlier messages are on their way: a person would wait for them too.
    for (let wait = 0; wait < 100 && log.scrollTop < log.clientHeight; wait++) await frame();
  }
  const sorted = [...numbers].filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
  return { gaps, mostNodes, first: sorted[0] ?? Number.NaN, numbers: sorted };
}
