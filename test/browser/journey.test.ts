/** A person's way through the page, in headless Chromium against a whole home. */
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserOrReason, launchBrowser } from "../support/browser.ts";
import { type Home, startHome } from "../support/home.ts";
import { planReplies } from "../support/people.ts";

const EMAIL = "ada@example.com";
/** Seen to stream, and soon over. */
const BRISK = { firstTokenMs: 300, intervalMs: 50 };
/** About eight seconds of text: long enough to reload in, short enough to wait for. */
const UNHURRIED = { firstTokenMs: 300, intervalMs: 150 };
const WAIT_MS = 30_000;

const found = browserOrReason();
if ("reason" in found) console.log(`Left out: the browser tests (${found.reason}).`);

describe.skipIf("reason" in found)("the page", () => {
  let home: Home;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** Everything the pages asked for, and everything they complained about. */
  const requested: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    home = await startHome();
    await planReplies(home, BRISK);
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(WAIT_MS);
    context.on("page", watch);
    page = await context.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await home?.dispose();
  });

  function watch(opened: Page): void {
    opened.on("request", (request) => requested.push(request.url()));
    opened.on("websocket", (socket) => requested.push(socket.url()));
    opened.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    opened.on("pageerror", (error) => complaints.push(error.message));
  }

  const composer = (of: Page) => of.getByRole("textbox", { name: "Message" });
  const lastReply = (of: Page) => of.locator("article[data-reply-id]").last();
  const replyText = async (of: Page) => (await lastReply(of).locator(".markdown").innerText()).trim();

  /** Sends a message and waits until its reply has begun. */
  async function say(text: string): Promise<void> {
    const replies = page.locator("article[data-reply-id]");
    const before = await replies.count();
    await composer(page).fill(text);
    await composer(page).press("Enter");
    await replies.nth(before).waitFor();
  }

  async function untilState(reply: Locator, state: string): Promise<void> {
    await expect.poll(() => reply.getAttribute("data-state"), { timeout: WAIT_MS }).toBe(state);
    // The page may still be showing the last words at a reader's pace.
    await expect.poll(() => reply.getAttribute("aria-busy"), { timeout: WAIT_MS }).toBe("false");
  }

  async function untilLongerThan(of: Page, characters: number): Promise<string> {
    await expect
      .poll(async () => (await replyText(of).catch(() => "")).length, { timeout: WAIT_MS })
      .toBeGreaterThan(characters);
    return replyText(of);
  }

  test("[A22] says how to reach the operator before anybody signs in", async () => {
    await page.goto(home.urls.web);
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await page.locator("a[href^='mailto:']").count()).toBeGreaterThan(0);
  });

  test("signs a person in", async () => {
    await page.getByLabel("Email").fill(EMAIL);
    await page.getByLabel("Name").fill("Ada Lovelace");
    await page.getByRole("button", { name: "Sign in" }).click();
    await composer(page).waitFor();
    expect(await page.getByText("Ada Lovelace").count()).toBeGreaterThan(0);
  });

  test("streams a reply, and shows it whole in the end", async () => {
    await say("How do I plan a small garden for a windy balcony?");
    const early = await untilLongerThan(page, 20);
    expect(await lastReply(page).getAttribute("data-state")).toBe("streaming");
    await untilState(lastReply(page), "complete");
    const whole = await untilLongerThan(page, early.length);
    expect(whole.slice(0, 15)).toBe(early.slice(0, 15));
  });

  test("finds a reply again when it is reloaded in the middle of it, and a second tab follows it too", async () => {
    await planReplies(home, UNHURRIED);
    await say("Which plants forgive a forgetful gardener?");
    const before = await untilLongerThan(page, 60);
    await page.reload();
    const second = await context.newPage();
    await second.goto(page.url());
    const [here, there] = await Promise.all([
      untilLongerThan(page, before.length),
      untilLongerThan(second, before.length),
    ]);
    expect(await lastReply(page).getAttribute("data-state")).toBe("streaming");
    for (const text of [here, there]) expect(text.startsWith(before.slice(0, 40))).toBe(true);
    await Promise.all([untilState(lastReply(page), "complete"), untilState(lastReply(second), "complete")]);
    expect(await replyText(second)).toBe(await replyText(page));
    await second.close();
  });

  test("stops a reply and keeps the text so far", async () => {
    await say("And which of them like the shade?");
    await untilLongerThan(page, 40);
    await page.getByRole("button", { name: /^Stop/ }).click();
    await untilState(lastReply(page), "stopped");
    expect((await replyText(page)).length).toBeGreaterThan(0);
  });

  test("[A17] [B36] asked nobody but the home's own services for anything", () => {
    const own = Object.values(home.urls).map((url) => new URL(url).host);
    const foreign = requested.filter((url) => /^(?:https?|wss?):/.test(url) && !own.includes(new URL(url).host));
    expect(requested.length).toBeGreaterThan(5);
    expect(foreign).toEqual([]);
  });

  test("[B26] is served with the promised headers", async () => {
    const { headers } = await fetch(home.urls.web);
    expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*script-src 'self'/);
    expect(headers.get("content-security-policy")).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline/);
    expect(headers.get("strict-transport-security")).toMatch(/max-age=\d{8}/);
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
  });

  test("kept nothing that was said in the browser's storage", async () => {
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    expect(stored).not.toMatch(/balcony|gardener|shade|stand-in/i);
  });

  test("complained of nothing on its console", () => {
    expect(complaints).toEqual([]);
  });
});
