/** Every page of the app and how to get there, for whatever looks at all of them. */
import type { BrowserContext, Page } from "playwright-core";
import type { Home } from "./home.ts";

export interface AppPage {
  name: string;
  /** Goes there, and resolves once its content is on screen. */
  open(page: Page, home: Home): Promise<void>;
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

/** A page of `context` on which the person of that address is signed in. */
export async function openSignedIn(context: BrowserContext, home: Home, email: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(home.urls.web);
  await page.locator("input[type=email]").fill(email);
  await page.locator("button[type=submit]").click();
  await page.locator("textarea").waitFor();
  return page;
}

async function goTo(page: Page, home: Home, path: string, sign: string): Promise<void> {
  await page.goto(home.urls.web + path);
  await page.locator(sign).first().waitFor();
}

/** On a narrow screen the chats are in a drawer. */
async function openMenu(page: Page): Promise<void> {
  const opener = page.locator("header button[aria-haspopup=dialog]");
  if (await opener.isVisible()) await opener.click();
}
