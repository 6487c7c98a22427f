/** Pictures and videos in the page, in headless Chromium against a whole home. */
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { png } from "../media/files.ts";
import { browserOrReason, launchBrowser } from "../support/browser.ts";
import { type Home, startHome } from "../support/home.ts";
import { readModels } from "../support/people.ts";

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

  const widthOf = (picture: Locator) => picture.evaluate((image: HTMLImageElement) => image.naturalWidth);

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
    await expect.poll(() => widthOf(picture), { timeout: WAIT_MS }).toBe(1024);
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

  test("takes a picture and a text with a message, shows them, and gives them to the model", async () => {
    await page.locator("input[type=file]").setInputFiles([
      { name: "heron.png", mimeType: "image/png", buffer: await png(320, 200) },
      { name: "list.txt", mimeType: "text/plain", buffer: Buffer.from("Buy milk and bread") },
    ]);
    const tray = page.getByRole("list", { name: "Files to send" });
    await tray.getByText("list.txt").waitFor();
    await expect.poll(() => tray.getByRole("progressbar").count(), { timeout: WAIT_MS }).toBe(0);
    await ask("What is to be bought?");
    const message = page.getByRole("article", { name: "You" }).last();
    const picture = message.getByRole("img", { name: "heron.png" });
    await expect.poll(() => widthOf(picture), { timeout: WAIT_MS }).toBe(320);
    await message.getByRole("link", { name: "list.txt" }).waitFor();
    await expect
      .poll(async () => JSON.stringify((await readModels(home)).requests), { timeout: WAIT_MS })
      .toMatch(/data:image\/png;base64.*Buy milk and bread/);
    // Until the reply has ended, nothing else can be said.
    const state = () => page.locator("article[data-reply-id]").last().getAttribute("data-state");
    await expect.poll(state, { timeout: WAIT_MS }).toBe("complete");
  });

  test("says why a file was not taken, and lets it be left out", async () => {
    const input = page.locator("input[type=file]");
    await input.setInputFiles({ name: "setup.exe", mimeType: "text/plain", buffer: Buffer.from("no program") });
    await page.getByRole("alert").getByText("The file is not of the type its name says.").waitFor();
    await page.getByRole("button", { name: "Leave out setup.exe" }).click();
    await expect.poll(() => page.getByRole("list", { name: "Files to send" }).count(), { timeout: WAIT_MS }).toBe(0);
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes("status of 400")));
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
