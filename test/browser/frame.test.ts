/** The frame all pages stand in, and what holds of every page, in headless Chromium against a whole home. */
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { barriersOn } from "../support/axe.ts";
import { browserOrReason, launchBrowser } from "../support/browser.ts";
import { type Home, startHome } from "../support/home.ts";
import { LIVED_MS, liveIn } from "../support/lifelike.ts";
import { openedPages, openSignedIn, signedInPages, signInPage } from "../support/pages.ts";

const EMAIL = "ada@example.com";
const WAIT_MS = 30_000;
/** Looking at every page takes its time on a busy machine. */
const ALL_PAGES_MS = 2 * 60_000;
const FIRST_LOAD_BYTES = 180 * 1024;
const CHAT_BYTES = 320 * 1024;
const WIDE = { width: 1280, height: 800 };
const NARROWEST = { width: 320, height: 640 };
/** What is left of a wide window when everything in it is twice as large. */
const ZOOMED = { width: 640, height: 400 };

const found = browserOrReason();
if ("reason" in found) console.log(`Left out: the frame of the pages in the browser (${found.reason}).`);

describe.skipIf("reason" in found)("the frame", () => {
  let home: Home;
  let browser: Browser;
  /** Signed in, and used by one test after the other. */
  let page: Page;
  const contexts: BrowserContext[] = [];
  /** What the pages asked for, and what they complained about. */
  const requested: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    home = await startHome({ env: { OPERATOR_EMAILS: EMAIL } });
    await liveIn(home, { email: EMAIL, days: 2 });
    browser = await launchBrowser();
    page = await openSignedIn(await newContext(), home, EMAIL);
    contexts.length = 0;
  }, ALL_PAGES_MS);
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });
  afterAll(async () => {
    await browser?.close();
    await home?.dispose();
  });

  async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await browser.newContext({ viewport: WIDE, locale: "en-US", ...options });
    context.setDefaultTimeout(WAIT_MS);
    await context.clock.setSystemTime(Date.now() + LIVED_MS);
    context.on("request", (request) => requested.push(request.url()));
    context.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    context.on("weberror", (error) => complaints.push(error.error().message));
    contexts.push(context);
    return context;
  }

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
    await page.locator("textarea").focus();
    await page.keyboard.press("Control+k");
    const menu = page.getByRole("dialog", { name: "Command menu" });
    await menu.waitFor();
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

  test("lists its shortcuts, and switches off those of a single sign, and on again", async () => {
    await page.goto(`${home.urls.web}/usage`);
    await page.locator("main h1").waitFor();
    await page.keyboard.press("?");
    const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await list.getByText("New chat").waitFor();
    await list.getByRole("switch").click();
    await page.keyboard.press("Escape");
    await list.waitFor({ state: "detached" });
    await expect.poll(() => focused(page)).toBe("MAIN");
    await page.keyboard.press("?");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog", { name: "Command menu" }).waitFor();
    expect(await list.count()).toBe(0);
    await page.keyboard.type("shortcuts");
    await page.keyboard.press("Enter");
    await list.getByRole("switch").click();
    await page.keyboard.press("Escape");
    await list.waitFor({ state: "detached" });
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

  describe("every page and what opens above it", () => {
    const looks: Record<string, Look> = {};
    const found = (of: keyof Look) => Object.fromEntries(Object.entries(looks).map(([name, look]) => [name, look[of]]));
    const everywhere = <T>(value: T) => Object.fromEntries(Object.keys(looks).map((name) => [name, value]));

    beforeAll(async () => {
      const visitor = await (await newContext({ reducedMotion: "reduce" })).newPage();
      await signInPage.open(visitor, home);
      looks[signInPage.name] = await lookAt(visitor);
      await page.emulateMedia({ reducedMotion: "reduce" });
      for (const { name, open, isAbove } of [...signedInPages, ...openedPages]) {
        await open(page, home);
        looks[name] = await lookAt(page);
        if (isAbove) await page.keyboard.press("Escape");
        if (isAbove) await page.locator("[role=dialog]").waitFor({ state: "detached" });
      }
    }, ALL_PAGES_MS);

    test.each(["light", "dark"] as const)("has no barrier that axe finds in the %s theme", (theme) => {
      expect(found(theme)).toEqual(everywhere([]));
    });

    test("follows the system from light to dark without being loaded again", () => {
      for (const [name, { canvases }] of Object.entries(looks))
        expect([name, new Set(canvases).size]).toEqual([name, 2]);
    });

    test("fits into 320 pixels and into a window that is zoomed to twice its size, with nothing to scroll sideways", () => {
      expect(found("widths")).toEqual(everywhere([NARROWEST.width, ZOOMED.width]));
    });

    test("has everything in reach of the Tab key", () => {
      expect(found("outOfReach")).toEqual(everywhere([]));
    });

    test("keeps still for whoever asked for less motion", () => {
      expect(found("moving")).toEqual(everywhere([]));
    });
  });

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

interface Look {
  /** What axe finds, in each theme. */
  light: string[];
  dark: string[];
  /** The colours behind everything, one for each theme. */
  canvases: string[];
  /** How wide the content is where there is room for 320 and for 640 pixels. */
  widths: number[];
  /** What can be pressed or written into and is never given the focus by the Tab key. */
  outOfReach: string[];
  /** Animations that last. */
  moving: string[];
}

/** Looks at what is on screen in each of the ways people may have it. */
async function lookAt(page: Page): Promise<Look> {
  const moving = await page.evaluate(lastingAnimations);
  const [barriers, canvases] = [{ light: [] as string[], dark: [] as string[] }, [] as string[]];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    barriers[colorScheme] = await barriersOn(page);
    canvases.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
  }
  const widths: number[] = [];
  for (const viewport of [NARROWEST, ZOOMED]) {
    await page.setViewportSize(viewport);
    widths.push(await page.evaluate(widestContent));
  }
  await page.setViewportSize(WIDE);
  const outOfReach = await walkByTab(page);
  return { ...barriers, canvases, widths, outOfReach, moving };
}

/** Runs in the page: how wide its content is, once what follows the size of the window has followed. */
async function widestContent(): Promise<number> {
  const frames = [document.documentElement, ...document.querySelectorAll("main, [role=dialog]")];
  const excess = () => Math.max(...frames.map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
  for (let frame = 0; frame < 30 && excess() > 0; frame++)
    await new Promise((resolve) => requestAnimationFrame(resolve));
  return innerWidth + excess();
}

/** Runs in the page. */
function lastingAnimations(): string[] {
  const lasts = (animation: Animation) => Number(animation.effect?.getComputedTiming().activeDuration) > 1;
  return document
    .getAnimations()
    .filter(lasts)
    .map((animation) => (animation as CSSAnimation).animationName ?? "transition");
}

/** Presses Tab until everything that takes the focus has had it, and tells what never has. */
async function walkByTab(page: Page): Promise<string[]> {
  const presses = await page.evaluate(() => {
    const scope = document.querySelector('[aria-modal="true"]') ?? document;
    const candidates = scope.querySelectorAll<HTMLElement>(
      "a[href], button, input, textarea, select, video, [tabindex]",
    );
    const waiting = new Set(
      [...candidates].filter((each) => each.tabIndex >= 0 && !each.matches(":disabled") && each.checkVisibility()),
    );
    document.addEventListener("focusin", ({ target }) => waiting.delete(target as HTMLElement));
    waiting.delete(document.activeElement as HTMLElement);
    Object.assign(window, { waitingForFocus: waiting });
    return waiting.size;
  });
  const left = () =>
    page.evaluate(() => {
      const { waitingForFocus } = window as unknown as { waitingForFocus: Set<HTMLElement> };
      return [...waitingForFocus].map((each) => each.outerHTML.slice(0, 200));
    });
  for (let press = 0; press < presses; press++) await page.keyboard.press("Tab");
  // What scrolls takes the focus too, and so does each control of a video.
  for (let press = 0; press < 20 && (await left()).length > 0; press++) await page.keyboard.press("Tab");
  return left();
}
