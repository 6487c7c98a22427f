/** The frame all pages stand in, and what holds of every page, in headless Chromium against a whole home. */
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { barriersOn } from "../support/axe.ts";
import { browserOrReason, launchBrowser } from "../support/browser.ts";
import { type Home, startHome } from "../support/home.ts";
import { LIVED_MS, liveIn } from "../support/lifelike.ts";
import { openSignedIn, signedInPages, signInPage } from "../support/pages.ts";

const EMAIL = "ada@example.com";
const WAIT_MS = 30_000;
/** Looking at every page takes its time on a busy machine. */
const ALL_PAGES_MS = 2 * 60_000;
const FIRST_LOAD_BYTES = 180 * 1024;
const CHAT_BYTES = 320 * 1024;
const NARROWEST = { width: 320, height: 640 };

const found = browserOrReason();
if ("reason" in found) console.log(`Left out: the frame of the pages in the browser (${found.reason}).`);

describe.skipIf("reason" in found)("the frame", () => {
  let home: Home;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  /** What the pages asked for, and what they complained about. */
  const requested: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    home = await startHome({ env: { OPERATOR_EMAILS: EMAIL } });
    await liveIn(home, { email: EMAIL, days: 2 });
    browser = await launchBrowser();
  }, ALL_PAGES_MS);
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });
  afterAll(async () => {
    await browser?.close();
    await home?.dispose();
  });

  async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US", ...options });
    context.setDefaultTimeout(WAIT_MS);
    await context.clock.setSystemTime(Date.now() + LIVED_MS);
    context.on("request", (request) => requested.push(request.url()));
    context.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    context.on("weberror", (error) => complaints.push(error.error().message));
    contexts.push(context);
    return context;
  }

  const signedIn = async (options?: BrowserContextOptions) => openSignedIn(await newContext(options), home, EMAIL);
  const focused = (page: Page) => page.evaluate(() => document.activeElement?.tagName);

  test("loads at most 180 KB of compressed scripts before sign-in and 320 KB for a chat with a plain reply", async () => {
    const context = await newContext();
    const page = await context.newPage();
    const scripts = weighScripts(page);
    await signInPage.open(page, home);
    expect(await scripts()).toBeLessThanOrEqual(FIRST_LOAD_BYTES);

    await page.locator("input[type=email]").fill("plain@example.com");
    await page.keyboard.press("Enter");
    await page.locator("textarea").fill("Hello");
    await page.keyboard.press("Enter");
    await page.locator("article[data-reply-id] .markdown").waitFor();
    expect(await scripts()).toBeLessThanOrEqual(CHAT_BYTES);
  });

  test("speaks the browser's language, and another one when asked, also after a reload", async () => {
    const page = await (await newContext({ locale: "de-AT" })).newPage();
    await signInPage.open(page, home);
    await page.getByRole("button", { name: "Anmelden" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
  });

  test("keeps the language and the look a person chose, on every device they sign in on", async () => {
    const page = await openSignedIn(await newContext(), home, "choosy@example.com");
    const menu = page.getByRole("button", { name: "Choosy" });
    await menu.click();
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    await menu.click();
    await page.getByRole("menuitemradio", { name: "Deutsch" }).click();
    await page.getByRole("link", { name: "Erstellen" }).waitFor();

    const elsewhere = await openSignedIn(await newContext(), home, "choosy@example.com");
    await elsewhere.getByRole("link", { name: "Erstellen" }).waitFor();
    expect(await elsewhere.locator("html").getAttribute("data-theme")).toBe("dark");
    expect(await elsewhere.locator("html").getAttribute("lang")).toBe("de");
  });

  test("does everything from the command menu, and gives the focus back", async () => {
    const page = await signedIn();
    await page.keyboard.press("Control+k");
    const menu = page.getByRole("dialog", { name: "Command menu" });
    await menu.waitFor();
    expect(await barriersOn(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await menu.waitFor({ state: "detached" });
    await expect.poll(() => focused(page)).toBe("TEXTAREA");

    await page.keyboard.press("Control+k");
    await page.keyboard.type("usage");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Usage and plan" }).waitFor();
    await expect.poll(() => focused(page)).toBe("MAIN");
    expect(await page.title()).toBe("Usage and plan · Noruxa");
  });

  test("lists its shortcuts, and switches off those of a single sign", async () => {
    const page = await signedIn();
    await page.goto(`${home.urls.web}/usage`);
    await page.locator("main h1").waitFor();
    await page.keyboard.press("?");
    const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await list.getByText("New chat").waitFor();
    expect(await barriersOn(page)).toEqual([]);
    await list.getByRole("switch").click();
    await page.keyboard.press("Escape");
    await list.waitFor({ state: "detached" });
    await expect.poll(() => focused(page)).toBe("MAIN");
    await page.keyboard.press("?");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog", { name: "Command menu" }).waitFor();
    expect(await list.count()).toBe(0);
  });

  test("says that a session has ended, and leads back to where it was", async () => {
    const context = await browser.newContext({ locale: "en-US" });
    contexts.push(context);
    const page = await openSignedIn(context, home, "guest@example.com");
    await page.goto(`${home.urls.web}/usage`);
    await page.locator("main h1").waitFor();
    await page.evaluate((url) => {
      const session = localStorage.getItem("noruxa.session");
      return fetch(`${url}/dev/sign-out`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ session }),
      }).then(() => undefined);
    }, home.urls.identity);
    await page.reload();
    await page.getByText("Your session has ended").waitFor();
    await page.locator("input[type=email]").fill("guest@example.com");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Usage and plan" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/usage");
  });

  test("tells what each day cost, as a chart and as a table, and keeps a person's own limit", async () => {
    const page = await signedIn();
    await page.goto(`${home.urls.web}/usage`);
    await page.getByRole("img", { name: /credits spent on each day.*images 40/ }).waitFor();
    await page.getByRole("button", { name: "Show as a table" }).click();
    await page.getByRole("cell", { name: "40", exact: true }).first().waitFor();
    const limit = page.getByLabel(/Most credits a day/);
    await limit.fill("many");
    await page.getByText("Enter a whole number").waitFor();
    expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await limit.fill("500");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("of the 500 you allow yourself").waitFor();
  });

  describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
    test(
      "no page has a barrier that axe finds",
      async () => {
        const visitor = await (await newContext({ colorScheme })).newPage();
        await signInPage.open(visitor, home);
        const barriers = { [signInPage.name]: await barriersOn(visitor) };
        const page = await signedIn({ colorScheme, reducedMotion: "reduce" });
        for (const { name, open } of signedInPages) {
          await open(page, home);
          barriers[name] = await barriersOn(page);
        }
        const names = [signInPage, ...signedInPages].map(({ name }) => [name, []]);
        expect(barriers).toEqual(Object.fromEntries(names));
      },
      ALL_PAGES_MS,
    );
  });

  test(
    "fits every page into 320 pixels, with nothing to scroll sideways",
    async () => {
      const page = await signedIn({ viewport: NARROWEST });
      const widths: Record<string, number> = {};
      for (const { name, open } of signedInPages) {
        await open(page, home);
        widths[name] = await page.evaluate(() =>
          Math.max(...[document.documentElement, ...document.querySelectorAll("main")].map((each) => each.scrollWidth)),
        );
      }
      expect(widths).toEqual(Object.fromEntries(signedInPages.map(({ name }) => [name, NARROWEST.width])));
    },
    ALL_PAGES_MS,
  );

  test("[A17] [B36] asks nobody but the home's own services for anything, on any page", () => {
    const own = Object.values(home.urls).map((url) => new URL(url).host);
    const foreign = requested.filter((url) => /^(?:https?|wss?):/.test(url) && !own.includes(new URL(url).host));
    expect(requested.length).toBeGreaterThan(50);
    expect(foreign).toEqual([]);
  });

  test("has nothing refused by its content security policy, and complains of nothing", () => {
    expect(complaints).toEqual([]);
  });
});

/** Weighs the scripts that `page` loads from now on: the bytes of all so far, compressed one by one. */
function weighScripts(page: Page): () => Promise<number> {
  const weights: Promise<number>[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script")
      weights.push(response.body().then((body) => gzipSync(body).length));
  });
  return async () => (await Promise.all(weights)).reduce((sum, bytes) => sum + bytes, 0);
}
