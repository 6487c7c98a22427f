/** Making pictures and videos, and the library of them, in headless Chromium against a whole home. */
import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { png } from "../media/files.ts";
import { barriersOn } from "../support/axe.ts";
import { browserOrReason, launchBrowser } from "../support/browser.ts";
import { type Home, startHome } from "../support/home.ts";
import { adjustCredits, subjectOf } from "../support/insideHomes.ts";
import { openSignedIn } from "../support/pages.ts";
import { type Person, planReplies, readMetrics, signIn } from "../support/people.ts";

const WAIT_MS = 30_000;
const PICTURES = 60;
const UPLOADS_AT_ONCE = 6;
/** Longer than is given in one answer. */
const LONG_BYTES = 17 * 1024 * 1024;

const found = browserOrReason();
if ("reason" in found) console.log(`Left out: making pictures and the library in the browser (${found.reason}).`);

/** Pictures that were uploaded at once are listed in any order, so tests go by what the grid shows. */
const nameOf = (index: number) => `${index}.png`;

describe.skipIf("reason" in found)("in the browser", () => {
  let home: Home;
  let browser: Browser;

  beforeAll(async () => {
    // One picture is drawn at a time, so that two of them make a line.
    home = await startHome({ env: { MEDIA_PARALLELISM: "4" } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await home?.dispose();
  });

  async function openPage(email: string): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB" });
    context.setDefaultTimeout(WAIT_MS);
    const complaints: string[] = [];
    context.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    context.on("weberror", (error) => complaints.push(error.error().message));
    return { context, page: await openSignedIn(context, home, email), complaints };
  }

  describe("the page to create", () => {
    let page: Page;
    let complaints: string[];
    beforeAll(async () => {
      await planReplies(home, { model: "standin-sketch", workMs: 100 });
      await planReplies(home, { model: "standin-reel", workMs: 1_000 });
      ({ page, complaints } = await openPage("ada@example.com"));
      await page.getByRole("link", { name: "Create" }).click();
    });

    const describeIt = (prompt: string) => page.getByRole("textbox", { name: "Description" }).fill(prompt);
    const create = () => page.getByRole("button", { name: /^Create for/ }).click();
    const choose = (name: string) => page.getByRole("radio", { name, exact: true }).click();
    const card = (prompt: string) => page.getByRole("article", { name: prompt }).first();
    const isDone = (prompt: string) => card(prompt).and(page.locator("[data-state=done]")).waitFor();
    const creditsShown = () => page.getByText(/^You have .* credits\.$/).innerText();

    test("makes a picture at the price that was shown before, and shows it where it was asked for", async () => {
      expect(await creditsShown()).toBe("You have 2,000 credits.");
      await describeIt("a heron at dawn");
      await choose("512 × 512 10");
      await page.getByRole("button", { name: "Create for 10 credits" }).click();
      await card("a heron at dawn").getByRole("img", { name: "a heron at dawn" }).waitFor();
      await expect.poll(creditsShown, { timeout: WAIT_MS }).toBe("You have 1,990 credits.");
    });

    test("makes another like it, with another seed, and takes its words to be changed", async () => {
      await card("a heron at dawn").getByRole("button", { name: "Another like it" }).click();
      const both = page.getByRole("article", { name: "a heron at dawn" }).and(page.locator("[data-state=done]"));
      await expect.poll(() => both.count(), { timeout: WAIT_MS }).toBe(2);
      await describeIt("");
      await card("a heron at dawn").getByRole("button", { name: "Change the description" }).click();
      await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("TEXTAREA");
      expect(await page.getByRole("textbox", { name: "Description" }).inputValue()).toBe("a heron at dawn");
      expect(await page.getByRole("radio", { name: "512 × 512 10" }).isChecked()).toBe(true);
    });

    test("says how many come first, and cancels at once, at no cost; what was cancelled can be tried again", async () => {
      await planReplies(home, { model: "standin-sketch", workMs: 60_000 });
      const before = await creditsShown();
      await describeIt("two lemons");
      await choose("2");
      await page.keyboard.press("Tab");
      await create();
      const cards = page.getByRole("article", { name: "two lemons" });
      await cards.getByText("Drawing").waitFor();
      await cards.getByText("Next in line").waitFor();
      for (const place of [0, 1]) await cards.nth(place).getByRole("button", { name: "Cancel" }).click();
      await expect.poll(() => cards.getByText("You cancelled this. It cost nothing.").count()).toBe(2);
      await expect.poll(creditsShown, { timeout: WAIT_MS }).toBe(before);
      await planReplies(home, { model: "standin-sketch", workMs: 100 });
      await cards.first().getByRole("button", { name: "Try again" }).click();
      await isDone("two lemons");
      await choose("1");
    });

    test("says why something was not made and that it cost nothing, and makes it when it is tried again", async () => {
      await planReplies(home, { model: "standin-sketch", refuse: true, times: 1 });
      await describeIt("something that is refused");
      await create();
      const reason = card("something that is refused").getByRole("alert");
      expect(await reason.innerText()).toMatch(/refused this prompt\..*It cost nothing\./);
      await card("something that is refused").getByRole("button", { name: "Try again" }).click();
      await isDone("something that is refused");
    });

    test("makes a video of the shape and length that were chosen, and plays it with the space bar", async () => {
      await choose("Video");
      await choose("9:16");
      await page.getByRole("slider").press("Home");
      await describeIt("a paper boat");
      await page.getByRole("button", { name: "Create for 20 credits" }).click();
      await isDone("a paper boat");
      await card("a paper boat").getByRole("link").click();
      const video = page.getByRole("dialog").locator("video");
      await video.evaluate((element: HTMLVideoElement) => void (element.muted = true));
      await expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.videoWidth)).toBe(270);
      await page.keyboard.press("Space");
      await expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.currentTime)).toBeGreaterThan(0);
      await page.keyboard.press("Escape");
      await page.getByRole("heading", { name: "Create" }).waitFor();
      expect(complaints).toEqual([]);
    });

    test("has what was chosen still there after looking at something else", async () => {
      expect(await page.getByRole("radio", { name: "9:16" }).isChecked()).toBe(true);
      expect(await page.getByRole("textbox", { name: "Description" }).inputValue()).toBe("a paper boat");
    });

    test("saves a file that is too long for one answer whole, part by part", async () => {
      await planReplies(home, { model: "standin-reel", workMs: 100, resultBytes: LONG_BYTES, times: 1 });
      await describeIt("a long river");
      await create();
      await isDone("a long river");
      await card("a long river").getByRole("link").click();
      await page.getByRole("dialog").getByRole("region", { name: "Details" }).waitFor();
      const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("d")]);
      expect(download.suggestedFilename()).toBe("a long river.mp4");
      expect((await stat(await download.path())).size).toBeGreaterThanOrEqual(LONG_BYTES);
      await page.keyboard.press("Escape");
    });

    test("says how many credits are missing before anything is asked for, with the way to more", async () => {
      const ada = await signIn(home, "ada@example.com");
      const { available } = await (await ada.http()).query(api.usage.summary, { nowAt: Date.now() });
      await adjustCredits(home, subjectOf(await ada.token()), 5 - available);
      await page.getByText("You lack 15 credits for this. Choose something smaller, or get more.").waitFor();
      expect(await page.getByRole("button", { name: "Create for 20 credits" }).isEnabled()).toBe(false);
      await page.getByRole("main").getByRole("link", { name: "Usage and plan" }).click();
      await page.getByRole("heading", { name: "Usage and plan" }).waitFor();
      await page.getByRole("link", { name: "Create" }).click();
      await page.getByText("You lack 15 credits").waitFor();
    });

    test("[A12] only shows what is there while the account is restricted", async () => {
      const ada = await (await signIn(home, "ada@example.com")).http();
      await ada.mutation(api.privacy.setRestriction, { restricted: true });
      await page.getByText("Your account can only be read at the moment.").waitFor();
      expect(await page.getByRole("button", { name: /^Create for/ }).isEnabled()).toBe(false);
      expect(await page.getByRole("button", { name: "Another like it" }).count()).toBe(0);
      await page.getByRole("link", { name: "Library" }).click();
      await page.getByRole("listitem").first().waitFor();
      expect(await page.getByRole("button", { name: "Select" }).count()).toBe(0);
      await ada.mutation(api.privacy.setRestriction, { restricted: false });
      await page.getByRole("button", { name: "Select" }).waitFor();
    });

    test("has nothing left of what was chosen and written once its person has signed out", async () => {
      await page.getByRole("button", { name: /ada/i }).last().click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await page.locator("input[type=email]").fill("ada@example.com");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "Create" }).click();
      expect(await page.getByRole("textbox", { name: "Description" }).inputValue()).toBe("");
    });
  });

  describe("the library", () => {
    let ben: Person;
    let page: Page;
    let complaints: string[];
    beforeAll(async () => {
      ben = await signIn(home, "ben@example.com");
      await fillLibrary(ben);
      order = (await listed()).map(({ name }) => name ?? "");
      ({ page, complaints } = await openPage("ben@example.com"));
    }, 5 * WAIT_MS);

    /** Puts sixty pictures into somebody's library, each with its thumbnail. */
    async function fillLibrary(person: Person): Promise<void> {
      const client = await person.http();
      await client.action(api.media.openSession, {});
      const body = new Uint8Array(await png(64, 48));
      const authorization = `Bearer ${await person.token()}`;
      const upload = async (name: string) => {
        const headers = { authorization, "content-type": "image/png", "x-file-name": name };
        const response = await fetch(`${home.urls.site}/media/upload`, { method: "POST", headers, body });
        if (!response.ok) throw new Error(`${name} was not taken: ${await response.text()}`);
        return client.mutation(api.media.keep, (await response.json()) as { mediaId: string });
      };
      const names = Array.from({ length: PICTURES }, (_, index) => nameOf(index));
      while (names.length > 0) await Promise.all(names.splice(0, UPLOADS_AT_ONCE).map(upload));
      const thumbnails = async () => {
        const paginationOpts = { numItems: PICTURES, cursor: null };
        const { page } = await client.query(api.media.library, { paginationOpts });
        return page.filter(({ thumbnail }) => thumbnail === "made").length;
      };
      const areMade = async () => expect(await thumbnails()).toBe(PICTURES);
      await vi.waitFor(areMade, { timeout: 4 * WAIT_MS, interval: 500 });
    }

    const cells = () => page.getByRole("list", { name: "Pictures, videos and files" }).getByRole("link");
    const opened = () => page.getByRole("dialog").getByRole("img");
    /** The names in the order of the grid. */
    let order: string[] = [];
    const listed = async () => {
      const paginationOpts = { numItems: 100, cursor: null };
      return (await (await ben.http()).query(api.media.library, { paginationOpts })).page;
    };

    test("shows sixty pictures with one query and a small request for each, and loads none of them whole", async () => {
      await readMetrics(home, { reset: true });
      const requested: URL[] = [];
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.pathname.startsWith("/media/")) requested.push(url);
      });
      await page.getByRole("link", { name: "Library" }).click();
      await cells().first().waitFor();
      const { functions } = await readMetrics(home);
      expect(functions["media:library"]?.calls).toBe(1);

      await cells().first().hover();
      const isAtEnd = async () => {
        await page.mouse.wheel(0, 400);
        return cells()
          .filter({ has: page.getByRole("img", { name: order.at(-1) as string, exact: true }) })
          .count();
      };
      await expect.poll(isAtEnd, { timeout: WAIT_MS, interval: 150 }).toBe(1);
      await expect.poll(() => new Set(requested.map(({ pathname }) => pathname)).size).toBe(PICTURES);
      expect(requested.length).toBe(PICTURES);
      expect(requested.filter(({ searchParams }) => searchParams.get("variant") !== "thumbnail")).toEqual([]);
      // Those far above are not in the page any more.
      expect(await cells().count()).toBeLessThan(PICTURES);
      await page.locator("main").evaluate((main) => main.scrollTo(0, 0));
      await expect.poll(() => cells().first().getByRole("img").getAttribute("alt")).toBe(order[0]);
    });

    test("opens one with the keyboard, goes on with the arrows, saves it, and comes back to where it was", async () => {
      await cells().first().focus();
      await page.keyboard.press("Enter");
      await opened().waitFor();
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => opened().getAttribute("alt")).toBe(order[1]);
      await page.keyboard.press("ArrowLeft");
      await expect.poll(() => opened().getAttribute("alt")).toBe(order[0]);
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => opened().getAttribute("alt")).toBe(order[1]);
      const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("d")]);
      expect(download.suggestedFilename()).toBe(order[1]);
      expect((await readFile(await download.path())).subarray(1, 4).toString()).toBe("PNG");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      const focused = () => page.evaluate(() => document.activeElement?.querySelector("img")?.alt);
      await expect.poll(focused).toBe(order[1]);
    });

    test("deletes what is open once that is confirmed, and shows the one after it", async () => {
      await page.keyboard.press("Enter");
      await opened().waitFor();
      await page.keyboard.press("Delete");
      await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
      await expect.poll(() => opened().getAttribute("alt")).toBe(order[2]);
      await page.keyboard.press("Escape");
      await expect.poll(async () => (await listed()).length, { timeout: WAIT_MS }).toBe(PICTURES - 1);
      expect((await listed()).map(({ name }) => name)).not.toContain(order[1]);
    });

    test("deletes several at once, and shows one kind of file alone", async () => {
      await page.getByRole("button", { name: "Select" }).click();
      for (const place of [0, 1, 2]) await page.getByRole("checkbox").nth(place).click();
      await page.getByText("3 selected").waitFor();
      expect(await barriersOn(page)).toEqual([]);
      await page.getByRole("group", { name: "What is selected" }).getByRole("button", { name: "Delete" }).click();
      await page.getByRole("alertdialog", { name: "Delete 3 files?" }).getByRole("button", { name: "Delete" }).click();
      await expect.poll(async () => (await listed()).length, { timeout: WAIT_MS }).toBe(PICTURES - 4);
      await page.getByRole("button", { name: "Done" }).click();
      await page.getByRole("radio", { name: "Videos" }).click();
      await page.getByText("Nothing of this kind yet").waitFor();
      await page.getByRole("radio", { name: "Images" }).click();
      await cells().first().waitFor();
      expect(complaints).toEqual([]);
    });

    test("shows pictures none the less whose addresses had run out when they were to be loaded", async () => {
      const asked: string[] = [];
      await page.route(/variant=thumbnail/, (route) => {
        const url = new URL(route.request().url());
        if (!asked.includes(url.pathname)) url.searchParams.set("expires", "1");
        asked.push(url.pathname);
        return route.continue({ url: url.href });
      });
      await page.reload();
      await cells().first().waitFor();
      const widths = () =>
        page.evaluate(() =>
          [...document.querySelectorAll<HTMLImageElement>("main img")].map(({ naturalWidth }) => naturalWidth),
        );
      await expect.poll(async () => (await widths()).length, { timeout: WAIT_MS }).toBeGreaterThan(5);
      await expect.poll(widths, { timeout: WAIT_MS }).not.toContain(0);
      // Each was refused first, and asked for once more.
      expect(asked.length).toBe(2 * new Set(asked).size);
      await page.unrouteAll();
    });

    test("[A18] shows nobody what is somebody else's, in the grid or by its address", async () => {
      const [medium] = await listed();
      const { context, page: theirs } = await openPage(`${randomUUID()}@example.com`);
      await theirs.goto(`${home.urls.web}/library/${medium?.mediaId}`);
      await theirs.getByText("This is not there any more.").waitFor();
      await theirs.keyboard.press("Escape");
      await theirs.getByText("Nothing here yet").waitFor();
      expect(await theirs.getByRole("listitem").count()).toBe(0);
      await context.close();
    });
  });
});
