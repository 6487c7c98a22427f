/** Pictures and videos in the page, in headless Chromium against a whole home. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserOrReason, launchBrowser } from "../support/browser.ts";
import { type Home, startHome } from "../support/home.ts";

const WAIT_MS = 30_000;

const found = browserOrReason();
if ("reason" in found) console.log(`Left out: pictures and videos in the browser (${found.reason}).`);

describe.skipIf("reason" in found)("the page", () => {
  let home: Home;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    home = await startHome();
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
    page.setDefaultTimeout(WAIT_MS);
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(home.urls.web);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("textbox", { name: /mail/i }).fill("ada@example.com");
    await page.keyboard.press("Enter");
  });
  afterAll(async () => {
    await browser?.close();
    await home?.dispose();
  });

  const ask = async (text: string) => {
    const composer = page.getByRole("textbox", { name: "Message" });
    await composer.fill(text);
    await composer.press("Enter");
  };

  test("draws what follows /image, in a new chat that shows the picture", async () => {
    await ask("/image a heron at dawn");
    await page.getByText("a heron at dawn").first().waitFor();
    const picture = page.locator("article[data-reply-id] img");
    await picture.waitFor();
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1024);
  });

  test("films what follows /video, shows how far it is, and plays it to its end", async () => {
    await ask("/video a paper boat on a river");
    await page.getByRole("progressbar", { name: "Progress" }).waitFor();
    const video = page.locator("article[data-reply-id] video");
    await video.waitFor();
    const played = video.evaluate(async (element: HTMLVideoElement) => {
      element.muted = true;
      element.playbackRate = 4;
      const over = new Promise((resolve, reject) => {
        element.addEventListener("ended", resolve, { once: true });
        element.addEventListener("error", () => reject(element.error), { once: true });
      });
      await element.play();
      await over;
      return { seconds: element.duration, width: element.videoWidth };
    });
    expect(await played).toEqual({ seconds: expect.closeTo(4, 0), width: 480 });
  });

  test("says why something was not made, and cancels what is under way", async () => {
    const plan = (body: object) =>
      fetch(`${home.urls.models}/_control`, {
        method: "POST",
        headers: { authorization: `Convex ${home.adminKey}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    await plan({ refuse: true, times: 1, model: "standin-sketch" });
    await ask("/image something that is refused");
    await page.getByText("The model refused this prompt.").waitFor();
    await plan({ workMs: 60_000, model: "standin-reel" });
    await ask("/video something that takes long");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("You cancelled this.").waitFor();
    expect(complaints).toEqual([]);
  });
});
