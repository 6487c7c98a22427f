/** A chat of ten thousand messages, in headless Chromium against a whole home. */
import type { Browser, Locator, Page } from "playwright-core";
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
/** Lists of messages that may be live: as many pages as have 300 messages, two more at most, and the newest. */
const MOST_LIVE_LISTS = 8;
/** So far back that reading up to it would take ten pages and more. */
const FAR_BACK = 9_301;

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
  let live: LiveQueries;

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
    live = watchQueries(page, "messages:list");
    await page.goto(home.urls.web);
    await page.getByLabel("Email").fill(EMAIL);
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "Message" }).waitFor();
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await home?.dispose();
  });

  const log = () => page.getByRole("main").getByRole("region", { name: "Messages" });
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

  test("is scrolled up for hundreds of messages and down again without a gap, and keeps few of them in the page", async () => {
    live.startCounting();
    const up = await page.evaluate(scroll, { screens: 120, direction: -1 });
    const down = await page.evaluate(scroll, { screens: 130, direction: 1 });
    for (const seen of [up, down]) {
      expect(seen.gaps).toEqual([]);
      expect(seen.mostNodes).toBeLessThan(MOST_MESSAGE_NODES);
      // In order, and none left out between the first and the last that were seen.
      expect(seen.numbers).toEqual(from(seen.numbers[0] as number, seen.numbers.length));
    }
    expect(up.numbers[0]).toBeLessThan(LONG - 400);
    expect(down.numbers.at(-1)).toBe(LONG - 1);
    expect(live.most()).toBeGreaterThan(3);
    expect(live.most()).toBeLessThanOrEqual(MOST_LIVE_LISTS);
  });

  test("goes straight to a message that was found far back, is read on from there both ways, and back to its end", async () => {
    await page.getByRole("textbox", { name: "Search chats" }).fill(`Message ${FAR_BACK}.`);
    const hit = page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: `Message ${FAR_BACK}.` });
    await hit.waitFor();
    await readMetrics(home, { reset: true });
    await hit.click();
    const found = log().getByText(`Message ${FAR_BACK}.`, { exact: true });
    await found.waitFor();
    expect(await isInView(found)).toBe(true);
    await page.waitForTimeout(300);
    // Around it, and one page on either side where there is little to scroll.
    expect((await readMetrics(home)).functions["messages:list"]?.calls).toBeLessThanOrEqual(4);
    for (const direction of [-1, 1]) {
      const seen = await page.evaluate(scroll, { screens: 20, direction });
      expect(seen.gaps).toEqual([]);
      expect(seen.numbers).toEqual(from(seen.numbers[0] as number, seen.numbers.length));
    }
    await page.getByRole("button", { name: "Go to the newest message" }).click();
    await log()
      .getByText(`Message ${LONG - 1}.`, { exact: true })
      .waitFor();
    expect(await isInView(log().getByText(`Message ${LONG - 1}.`, { exact: true }))).toBe(true);
  });

  test("leads from far back to what the person says next", async () => {
    await page
      .getByRole("navigation", { name: "Chats" })
      .getByRole("link", { name: `Message ${FAR_BACK}.` })
      .click();
    await log().getByText(`Message ${FAR_BACK}.`, { exact: true }).waitFor();
    await page.getByRole("textbox", { name: "Message" }).fill("Here I am again");
    await page.keyboard.press("Enter");
    const said = log().getByText("Here I am again", { exact: true });
    await said.waitFor();
    await log().getByRole("button", { name: "Copy reply" }).last().waitFor();
    await expect.poll(() => isInView(said)).toBe(true);
  });
});

const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

function isInView(found: Locator): Promise<boolean> {
  return found.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    const log = (element.closest("section") as HTMLElement).getBoundingClientRect();
    return top >= log.top && bottom <= log.bottom;
  });
}

interface LiveQueries {
  startCounting(): void;
  /** How many were live at once since then, at most. */
  most(): number;
}

/** Follows which queries of one function a page has subscribed to, from what it tells the server. */
function watchQueries(page: Page, udfPath: string): LiveQueries {
  const live = new Set<number>();
  let most = 0;
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      const { modifications = [] } = JSON.parse(String(payload));
      for (const { type, queryId, udfPath: path } of modifications) {
        if (type === "Add" && path === udfPath) live.add(queryId);
        if (type === "Remove") live.delete(queryId);
      }
      most = Math.max(most, live.size);
    }),
  );
  return {
    startCounting: () => {
      most = live.size;
    },
    most: () => most,
  };
}

/** Runs in the page: scrolls screen by screen, up or down, and looks at each whether messages cover it. */
async function scroll({ screens, direction }: { screens: number; direction: number }) {
  const log = document.querySelector("main section[aria-label=Messages]") as HTMLElement;
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const gaps: string[] = [];
  const numbers = new Set<number>();
  let mostNodes = 0;
  const roomAhead = () => (direction < 0 ? log.scrollTop : log.scrollHeight - log.scrollTop - log.clientHeight);
  const articles = () => [...log.querySelectorAll("article")];
  /** Whether nothing is shown somewhere between the top and the bottom; below the last message there may be room. */
  const hasGap = () => {
    const { top, bottom } = log.getBoundingClientRect();
    const boxes = articles().map((article) => (article.parentElement as HTMLElement).getBoundingClientRect());
    const end = Math.min(bottom, Math.max(...boxes.map((box) => box.bottom)));
    for (let y = top + 40; y < end - 40; y += 40) {
      if (!boxes.some((box) => box.top <= y + 1 && box.bottom >= y - 1)) return true;
    }
    return boxes.length === 0;
  };
  for (let screen = 0; screen < screens; screen++) {
    if (screen > 0) log.scrollTop += direction * log.clientHeight;
    await frame();
    await frame();
    // What was never on screen is measured first, and then put where it belongs: that takes a moment.
    for (let moment = 0; moment < 6 && hasGap(); moment++) await frame();
    if (hasGap()) gaps.push(`screen ${screen}`);
    mostNodes = Math.max(mostNodes, articles().length);
    for (const article of articles()) numbers.add(Number(/Message (\d+)\./.exec(article.innerText)?.[1] ?? Number.NaN));
    // Where little is left ahead, more messages are on their way: a person would wait for them too.
    for (let wait = 0; wait < 100 && roomAhead() < log.clientHeight && roomAhead() > 0; wait++) await frame();
  }
  const sorted = [...numbers].filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
  return { gaps, mostNodes, numbers: sorted };
}
