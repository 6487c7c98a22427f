/** What people do with chats, journey by journey, in headless Chromium against a whole home. */

import { ConvexError } from "convex/values";
import type { Browser, BrowserContext, Locator, Page, WebSocketRoute } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { ERROR_CODES, type RefusalData } from "../../src/shared/errors.ts";
import { sentenceIn } from "../../src/web/app/sentences.ts";
import { errors } from "../../src/web/words/en/errors.ts";
import { browserOrReason, launchBrowser } from "../support/browser.ts";
import { type Home, startHome } from "../support/home.ts";
import { fillChats } from "../support/longChats.ts";
import { openSignedIn } from "../support/pages.ts";
import { advanceClock, type Person, planReplies, signIn } from "../support/people.ts";

const EMAIL = "ada@example.com";
const WAIT_MS = 30_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Tokens are good for a minute. */
const TOKENS_RUN_OUT_MS = 2 * 60 * 1000;
const QUICK = { firstTokenMs: 0, intervalMs: 0 };
/** Longer than it takes to say that the connection is lost. */
const BRISK = { firstTokenMs: 200, intervalMs: 60 };
/** Some seconds of text: long enough to be away in, short enough to wait for. */
const UNHURRIED = { firstTokenMs: 200, intervalMs: 120 };

const found = browserOrReason();
if ("reason" in found) console.log(`Left out: what people do with chats in a browser (${found.reason}).`);

/** What a model wrote that is everything at once. */
const RICH = [
  "A table, code and mathematics:",
  "| plant | water |\n|---|--:|\n| thyme | 1 |",
  "```ts\nconst days: number = 7; // a week\n```",
  "The area is \\(\\pi r^2\\), and $$x^2$$ is a square.",
  "![a map](https://tracker.example/pixel.png) <img src=x onerror=alert(1)>",
].join("\n\n");

describe.skipIf("reason" in found)("a person and their chats", () => {
  let home: Home;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let ada: Person;
  const requested: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    home = await startHome();
    await planReplies(home, QUICK);
    ada = await signIn(home, EMAIL);
    const client = await ada.http();
    for (const text of ["A rich reply", "Packing list for three rainy days", "Explain tides to a ten-year-old"]) {
      const sent = await client.mutation(api.messages.send, { requestId: text, text });
      await client.mutation(api.messages.stop, { messageId: sent.replyId });
    }
    const [, , rich] = await threads();
    const textOf = (index: number) => (index % 2 === 1 ? RICH : "Show me all you can do");
    await fillChats(home, [{ threadId: rich?._id ?? "", count: 4, textOf }]);
    await planReplies(home, QUICK);
    browser = await launchBrowser();
    context = await newContext();
    page = await openSignedIn(context, home, EMAIL);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await home?.dispose();
  });

  async function newContext(): Promise<BrowserContext> {
    const opened = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
    opened.setDefaultTimeout(WAIT_MS);
    opened.on("request", (request) => requested.push(request.url()));
    opened.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    opened.on("weberror", (error) => complaints.push(error.error().message));
    return opened;
  }

  async function threads() {
    const view = { view: "recent" as const, paginationOpts: { numItems: 20, cursor: null } };
    return (await (await ada.http()).query(api.threads.list, view)).page;
  }

  const composer = (of = page) => of.getByRole("textbox", { name: "Message" });
  const list = (of = page) => of.getByRole("navigation", { name: "Chats" });
  const entry = (title: string) => list().getByRole("listitem").filter({ hasText: title });
  const replies = (of = page) => of.locator("article[data-reply-id]");
  const textOf = async (reply: Locator) => (await reply.locator(".markdown").innerText()).trim();

  async function open(title: string): Promise<void> {
    await list().getByRole("link", { name: title }).first().click();
    await replies().last().waitFor();
  }

  async function say(text: string, of = page): Promise<void> {
    await composer(of).fill(text);
    await composer(of).press("Enter");
  }

  async function untilComplete(reply: Locator): Promise<void> {
    await expect.poll(() => reply.getAttribute("data-state"), { timeout: WAIT_MS }).toBe("complete");
    await expect.poll(() => reply.getAttribute("aria-busy"), { timeout: WAIT_MS }).toBe("false");
  }

  async function choose(title: string, command: string): Promise<void> {
    await entry(title).hover();
    await page.getByRole("button", { name: `Options for ${title}` }).click();
    await page.getByRole("menuitem", { name: command }).click();
  }

  test("pins a chat to the top, and gives it another title", async () => {
    await choose("Explain tides", "Pin to top");
    await list().getByRole("region", { name: "Pinned" }).getByText("Explain tides to a ten-year-old").waitFor();
    await choose("Explain tides", "Rename");
    await page.getByRole("textbox", { name: "Title" }).fill("Tides");
    await page.keyboard.press("Enter");
    const pinned = list().getByRole("region", { name: "Pinned" }).getByRole("link");
    await expect.poll(() => pinned.allInnerTexts(), { timeout: WAIT_MS }).toEqual(["Tides"]);
  });

  test("deletes a chat, and brings it back with what was said in it", async () => {
    await open("Packing list");
    await choose("Packing list for three rainy days", "Delete");
    await page.getByText("“Packing list for three rainy days” is deleted.", { exact: true }).waitFor();
    await expect.poll(() => entry("Packing list").count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.tagName)).not.toBe("BODY");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("article", { name: "You" }).getByText("Packing list for three rainy days").waitFor();
    await entry("Packing list").waitFor();
  });

  test("shows code in colours, typesets mathematics, and loads no picture and runs no HTML that a model wrote", async () => {
    await open("A rich reply");
    const reply = replies().last();
    await reply.locator(".hljs-keyword").getByText("const").waitFor();
    await expect.poll(() => reply.locator(".katex").count(), { timeout: WAIT_MS }).toBe(2);
    expect(await reply.getByRole("table").getByRole("cell").allInnerTexts()).toEqual(["thyme", "1"]);
    expect(await reply.locator("img").count()).toBe(0);
    await reply.getByText("<img src=x onerror=alert(1)>").waitFor();
    expect(requested.filter((url) => url.includes("tracker"))).toEqual([]);
  });

  test("finds titles and messages, and leads to the message that was found", async () => {
    const field = page.getByRole("textbox", { name: "Search chats" });
    await field.fill("rain");
    await list().getByRole("region", { name: "Titles" }).getByText("Packing list").waitFor();
    await field.fill("square");
    await list().getByText("1 place").waitFor();
    await list()
      .getByRole("link", { name: /is a square/ })
      .click();
    await expect.poll(() => new URL(page.url()).hash.length).toBeGreaterThan(1);
    expect(await list().locator("mark").innerText()).toBe("square");
    await field.press("Escape");
    await entry("Packing list").waitFor();
  });

  test("says something else in place of a message, and goes back and forth between both", async () => {
    await open("Packing list");
    await page.getByRole("button", { name: "Edit message" }).click();
    const field = page.getByRole("textbox", { name: "Your message, to be changed" });
    await field.fill("Packing list for three sunny days");
    await field.press("Enter");
    await page.getByText("2 of 2").first().waitFor();
    await untilComplete(replies().last());
    await page.getByRole("button", { name: "Earlier version" }).click();
    await page.getByRole("article", { name: "You" }).getByText("three rainy days").waitFor();
    await page.getByRole("button", { name: "Later version" }).click();
    await page.getByRole("article", { name: "You" }).getByText("three sunny days").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await replies().last().getByText("2 of 2").waitFor();
    await untilComplete(replies().last());
    await expect.poll(() => replies().last().innerText(), { timeout: WAIT_MS }).toMatch(/\d credits?$/m);
  });

  test("leads to a message that was found although another version stands in its place", async () => {
    const field = page.getByRole("textbox", { name: "Search chats" });
    await field.fill("three rainy");
    const hits = list().getByRole("region", { name: "Messages" }).getByRole("link", { name: "three rainy days" });
    await hits.last().click();
    await page.getByRole("article", { name: "You" }).getByText("three rainy days").waitFor();
    expect(await page.getByText("1 of 2").count()).toBeGreaterThan(0);
    await field.press("Escape");
    await page.getByRole("button", { name: "Later version" }).first().click();
    await page.getByRole("article", { name: "You" }).getByText("three sunny days").waitFor();
  });

  test("goes on from a reply in a chat of its own", async () => {
    const before = page.url();
    await page.getByRole("button", { name: "Go on from here in a new chat" }).last().click();
    await expect.poll(() => page.url()).not.toBe(before);
    await page.getByRole("article", { name: "You" }).getByText("three sunny days").waitFor();
    await say("And for the evening?");
    await expect.poll(() => replies().count(), { timeout: WAIT_MS }).toBe(2);
    await untilComplete(replies().last());
  });

  test("takes files that are pasted and dropped, and shows how far they are", async () => {
    await page.goto(home.urls.web);
    await composer().waitFor();
    const release = await hold(page, /\/media\/upload/);
    for (const type of ["paste", "drop"]) {
      await composer().evaluate((field, kind) => {
        const files = new DataTransfer();
        files.items.add(new File(["Buy milk"], `${kind}.txt`, { type: "text/plain" }));
        const data = { bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files };
        field.dispatchEvent(kind === "paste" ? new ClipboardEvent(kind, data) : new DragEvent(kind, data));
      }, type);
      await page.getByRole("progressbar", { name: `Uploading ${type}.txt` }).waitFor();
    }
    release();
    await expect.poll(() => page.getByRole("progressbar").count(), { timeout: WAIT_MS }).toBe(0);
    await say("What is to be bought?");
    const files = page.getByRole("article", { name: "You" }).getByRole("link");
    await expect.poll(() => files.allInnerTexts(), { timeout: WAIT_MS }).toEqual(["paste.txt", "drop.txt"]);
    await untilComplete(replies().last());
  });

  test("keeps a draft through a reload and a session that ended, and none after signing out", async () => {
    await open("Tides");
    await composer().fill("Half a thought about the moon");
    await page.reload();
    await expect.poll(() => composer().inputValue(), { timeout: WAIT_MS }).toBe("Half a thought about the moon");
    const address = page.url();
    await endSession();
    await page.reload();
    await page.getByText("Your session has ended").waitFor();
    await page.locator("input[type=email]").fill(EMAIL);
    await page.keyboard.press("Enter");
    await expect.poll(() => composer().inputValue(), { timeout: WAIT_MS }).toBe("Half a thought about the moon");
    expect(page.url()).toBe(address);
    await page.getByRole("button", { name: /ada/i }).last().click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.locator("input[type=email]").waitFor();
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    expect(kept).not.toContain("moon");
    await page.close();
    page = await openSignedIn(context, home, EMAIL);
  });

  /** As the sign-in service would end it. */
  async function endSession(): Promise<void> {
    await page.evaluate(async (url) => {
      const session = localStorage.getItem("noruxa.session");
      const headers = { "content-type": "application/json" };
      await fetch(`${url}/dev/sign-out`, { method: "POST", headers, body: JSON.stringify({ session }) });
    }, home.urls.identity);
  }

  test("begins a temporary chat that no list has, and deletes it when it is left or closed", async () => {
    const client = await ada.http();
    const gone = (threadId: string) => () =>
      client.query(api.threads.get, { threadId }).then(
        () => false,
        () => true,
      );
    const begin = async () => {
      await page.goto(`${home.urls.web}/temporary`);
      await say("Between us");
      await untilComplete(replies().last());
      return new URL(page.url()).pathname.split("/").at(-1) as string;
    };
    const left = await begin();
    expect(await entry("Between us").count()).toBe(0);
    await open("Tides");
    await expect.poll(gone(left), { timeout: WAIT_MS }).toBe(true);
    const closed = await begin();
    await page.goto("about:blank");
    await expect.poll(gone(closed), { timeout: WAIT_MS }).toBe(true);
    await page.goto(home.urls.web);
  });

  test("follows a reply on a second device from its beginning, without a gap or a repeated word", async () => {
    await planReplies(home, UNHURRIED);
    const device = await newContext();
    const second = await openSignedIn(device, home, EMAIL);
    await open("Tides");
    const before = await replies().count();
    await say("Tell me more about tides");
    await replies().nth(before).locator(".markdown").waitFor();
    await second.goto(page.url());
    await replies(second).nth(before).locator(".markdown").waitFor();
    // What is seen while it grows is always the beginning of what it comes to be.
    const seen: string[] = [];
    while ((await replies(second).last().getAttribute("data-state")) === "streaming") {
      seen.push(await textOf(replies(second).last()));
      await second.waitForTimeout(150);
    }
    await Promise.all([untilComplete(replies().last()), untilComplete(replies(second).last())]);
    const whole = await textOf(replies(second).last());
    expect(await textOf(replies().last())).toBe(whole);
    expect(seen.length).toBeGreaterThan(3);
    for (const early of seen) expect(whole.startsWith(early.slice(0, -20))).toBe(true);
    await device.close();
  });

  test("loses nothing while the connection is gone, says so, and shows what is said at once where it is slow", async () => {
    const train = await newContext();
    const line = await unreliable(train);
    await planReplies(home, BRISK);
    const there = await openSignedIn(train, home, EMAIL);
    await open("Tides");
    await there.goto(page.url());
    await replies(there).first().waitFor();
    const before = await replies(there).count();
    await say("And what of the moon?", there);
    const reply = replies(there).nth(before);
    await reply.locator(".markdown").waitFor();
    line.cut();
    await there.getByText("The connection is lost.").waitFor();
    line.mend();
    await expect.poll(() => there.getByText("The connection is lost.").count(), { timeout: WAIT_MS }).toBe(0);
    await untilComplete(reply);
    expect(await textOf(reply)).toBe(await textOf(replies().nth(before)));

    line.slowDown(1_500);
    await say("Are you there?", there);
    await there.getByRole("article", { name: "You" }).getByText("Are you there?").waitFor({ timeout: 1_000 });
    expect(await replies(there).count()).toBe(before + 1);
    await replies(there)
      .nth(before + 1)
      .waitFor();
    await train.close();
  });

  test("asks to sign in again where a session ends in the middle of a chat, and keeps what was being written", async () => {
    await open("Tides");
    const address = page.url();
    await composer().fill("And at new moon?");
    await endSession();
    await advanceClock(home, TOKENS_RUN_OUT_MS);
    await composer().press("Enter");
    await page.getByText("Your session has ended").waitFor();
    await page.locator("input[type=email]").fill(EMAIL);
    await page.keyboard.press("Enter");
    await expect.poll(() => composer().inputValue(), { timeout: WAIT_MS }).toBe("And at new moon?");
    expect(page.url()).toBe(address);
    await composer().fill("");
  });

  test("tells each code that a call can be refused with in a sentence with a way on", async () => {
    const refusing = await browser.newContext({ locale: "en-US" });
    refusing.setDefaultTimeout(WAIT_MS);
    const refusal: RefusalData = { code: "invalid", message: "This is not how it goes." };
    await refuseMutations(refusing, "threads:rename", refusal);
    const refused = await openSignedIn(refusing, home, EMAIL);
    await list(refused).getByRole("listitem").first().hover();
    await list(refused)
      .getByRole("button", { name: /^Options for/ })
      .first()
      .click();
    await refused.getByRole("menuitem", { name: "Rename" }).click();
    const told = refused.getByRole("dialog").getByRole("alert");
    for (const code of ERROR_CODES) {
      refusal.code = code;
      await refused.getByRole("textbox", { name: "Title" }).press("Enter");
      await expect.poll(() => told.innerText()).toBe(sentenceIn(errors, new ConvexError(refusal)));
    }
    await refusing.close();
  });

  test("[A18] leads nobody to another person's chat, and offers a way on", async () => {
    await open("Tides");
    const theirs = await newContext();
    const other = await openSignedIn(theirs, home, "eve@example.com");
    await list(other).getByText("Your chats will be listed here").waitFor();
    await other.goto(page.url());
    await other.getByText("This does not exist any more, or never did.").waitFor();
    await other.getByRole("button", { name: "Start a new chat" }).click();
    await composer(other).waitFor();
    expect(await other.getByRole("article").count()).toBe(0);
    await theirs.close();
  });

  test("[A6] says in a chat's last week how long it has left, and keeps it with one press", async () => {
    const passedMs = UNPINNED_THREAD_MS - 3 * DAY_MS;
    await context.close();
    await advanceClock(home, passedMs);
    const later = await newContext();
    await later.clock.setSystemTime(Date.now() + passedMs);
    page = await openSignedIn(later, home, EMAIL);
    await entry("A rich reply").getByText("2 days left").waitFor();
    await page.getByRole("button", { name: "Keep “A rich reply”" }).click();
    await list().getByRole("region", { name: "Pinned" }).getByText("A rich reply").waitFor();
    expect(await entry("A rich reply").getByText("left").count()).toBe(0);
  });

  test("complained of nothing on its console", () => {
    // Browsers and Convex's client write there what was refused on purpose above.
    const expected = /status of 401|"code\\*":\\*"not_found/;
    expect(complaints.filter((complaint) => !expected.test(complaint))).toEqual([]);
  });
});

/** Holds back what is asked for at addresses of this kind, to be looked at waiting. Gives the way to let it go on. */
async function hold(page: Page, address: RegExp): Promise<() => void> {
  const released = Promise.withResolvers<void>();
  await page.route(address, async (route) => {
    await released.promise;
    await route.continue();
  });
  return released.resolve;
}

/** Answers a mutation of a context's pages with a refusal, whatever it then says. Call it before they open. */
async function refuseMutations(context: BrowserContext, udfPath: string, refusal: RefusalData): Promise<void> {
  await context.routeWebSocket(/\/sync$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const asked = JSON.parse(String(message));
      if (asked.udfPath !== udfPath) return server.send(message);
      const answer = { type: "MutationResponse", requestId: asked.requestId, success: false, logLines: [] };
      socket.send(JSON.stringify({ ...answer, result: "Refused", errorData: refusal }));
    });
  });
}

/** Gives the pages of a context a connection like a train's, which can be cut and be slow. Call it before they open. */
async function unreliable(context: BrowserContext) {
  const sockets = new Set<WebSocketRoute>();
  let isCut = false;
  let delayMs = 0;
  const later = (act: () => void) => void (delayMs > 0 ? setTimeout(act, delayMs) : act());
  await context.routeWebSocket(/\/sync$/, (socket) => {
    if (isCut) return void socket.close();
    const server = socket.connectToServer();
    socket.onMessage((message) => later(() => server.send(message)));
    server.onMessage((message) => later(() => socket.send(message)));
    sockets.add(socket);
  });
  return {
    cut: () => {
      isCut = true;
      for (const socket of sockets) void socket.close();
      sockets.clear();
    },
    mend: () => {
      isCut = false;
    },
    /** Each message takes so long, in either direction. */
    slowDown: (ms: number) => {
      delayMs = ms;
    },
  };
}
