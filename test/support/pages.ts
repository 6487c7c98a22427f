/** Every page of the app and how to get there, for whatever looks at all of them. */
import type { BrowserContext, Page } from "playwright-core";
import type { Home } from "./home.ts";

export interface AppPage {
  name: string;
  /** Goes there, and resolves once its content is on screen. */
  open(page: Page, home: Home): Promise<void>;
  /** It stands above another page, and Escape closes it. */
  isAbove?: boolean;
}

export const signInPage: AppPage = {
  name: "sign-in",
  open: async (page, home) => {
    await page.goto(home.urls.web);
    await page.locator("input[type=email]").waitFor();
  },
};

/** The pages of somebody who is signed in, of a home that was lived in. */
export const signedInPages: readonly AppPage[] = [
  { name: "new-chat", open: (page, home) => goTo(page, home, "/", "textarea") },
  {
    name: "chat",
    open: async (page, home) => {
      await goTo(page, home, "/", "textarea");
      await openMenu(page);
      await page.locator("a[href^='/threads/']").filter({ visible: true }).nth(1).click();
      await page.locator("article[data-reply-id]").last().waitFor();
    },
  },
  { name: "create", open: (page, home) => goTo(page, home, "/create", "main article") },
  { name: "library", open: (page, home) => goTo(page, home, "/library", "[data-media-id]") },
  { name: "usage", open: (page, home) => goTo(page, home, "/usage", "main figure") },
  { name: "privacy", open: (page, home) => goTo(page, home, "/privacy", "main h2") },
  { name: "operator", open: (page, home) => goTo(page, home, "/operator", "main h2") },
];

/** What opens above the pages or beside them, of the same home. */
export const openedPages: readonly AppPage[] = [
  {
    name: "viewer",
    isAbove: true,
    open: async (page, home) => {
      await goTo(page, home, "/library", "[data-media-id] img");
      // A picture: the controls of a video keep Escape to themselves.
      await page.locator("[data-media-id]").last().click();
      await page.locator("[role=dialog] img").waitFor();
    },
  },
  {
    name: "erase",
    isAbove: true,
    open: async (page, home) => {
      await goTo(page, home, "/privacy", "main h2");
      await page.locator("main section").last().getByRole("button").last().click();
      await page.locator("[role=dialog] input").waitFor();
    },
  },
  { name: "commands", isAbove: true, open: (page, home) => openByKey(page, home, "Control+k") },
  { name: "shortcuts", isAbove: true, open: (page, home) => openByKey(page, home, "?") },
  {
    name: "search",
    open: async (page, home) => {
      await goTo(page, home, "/usage", "main figure");
      await openMenu(page);
      await page.locator("[role=search] input").filter({ visible: true }).fill("the");
      await page.locator("nav mark").first().waitFor();
    },
  },
];

/** A page of `context` on which the person of that address is signed in. */
export async function openSignedIn(context: BrowserContext, home: Home, email: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(home.urls.web);
  await page.locator("input[type=email]").fill(email);
  await page.locator("button[type=submit]").click();
  await page.locator("textarea").waitFor();
  return page;
}

/** Follows the link to an address where one is on screen, as people do; loads the page where none is. */
async function goTo(page: Page, home: Home, path: string, sign: string): Promise<void> {
  const link = page.locator(`a[href="${path}"]`).filter({ visible: true }).first();
  if (!(await link.count())) await page.goto(home.urls.web + path);
  else if (new URL(page.url()).pathname === path) await link.click();
  else {
    const left = await page.locator("main").elementHandle();
    await link.click();
    // What tells a page may be on the one that is left, too.
    await left?.waitForElementState("hidden");
  }
  await page.locator(sign).first().waitFor();
}

async function openByKey(page: Page, home: Home, key: string): Promise<void> {
  await goTo(page, home, "/usage", "main figure");
  await page.locator("main").focus();
  await page.keyboard.press(key);
  await page.locator("[role=dialog]").waitFor();
}

/** On a narrow screen the chats are in a drawer. */
async function openMenu(page: Page): Promise<void> {
  const opener = page.locator("header button[aria-haspopup=dialog]");
  if (await opener.isVisible()) await opener.click();
}
