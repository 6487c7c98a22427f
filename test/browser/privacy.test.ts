/** People's rights as they use them: in headless Chromium against a whole home. */
import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { browserOrReason, launchBrowser } from "../support/browser.ts";
import { type Home, startHome } from "../support/home.ts";
import { openSignedIn } from "../support/pages.ts";
import { planReplies, send, signIn } from "../support/people.ts";

const EMAIL = "ada@example.com";
const CANARY = "quicksilver marmalade";
const WAIT_MS = 30_000;

const found = browserOrReason();
if ("reason" in found) console.log(`Left out: the browser tests of people's rights (${found.reason}).`);

describe.skipIf("reason" in found)("the privacy page", () => {
  let home: Home;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    home = await startHome({ env: { OPERATOR_EMAILS: EMAIL } });
    await planReplies(home, { firstTokenMs: 0, intervalMs: 0 });
    await chatAbout(CANARY);
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB" });
    context.setDefaultTimeout(WAIT_MS);
    page = await openSignedIn(context, home, EMAIL);
    await page.goto(`${home.urls.web}/privacy`);
  });
  afterAll(async () => {
    await browser?.close();
    await home?.dispose();
  });

  async function chatAbout(text: string): Promise<void> {
    const ada = await signIn(home, EMAIL);
    const tab = ada.openTab();
    const sent = await send(tab, { text });
    await tab.action(api.messages.generate, { replyId: sent.replyId });
    const other = await send(tab, { text: "To be deleted" });
    await tab.action(api.messages.generate, { replyId: other.replyId });
    await tab.mutation(api.threads.remove, { threadId: other.threadId });
    await ada.leave();
  }

  const section = (name: string) => page.getByRole("region", { name });
  const toggle = (name: string | RegExp) => page.getByRole("switch", { name });
  const isOn = (name: string | RegExp) => toggle(name).getAttribute("aria-checked");

  test("[A9][A15] shows everything held, by kind with basis and period, and as California lists it", async () => {
    const held = section("What is held about you");
    await held.getByRole("button", { name: /^Chats/ }).click();
    const details = held.getByRole("region", { name: /^Chats/ });
    await expect.poll(() => details.innerText(), { timeout: WAIT_MS }).toContain("60 days");
    expect(await details.innerText()).toContain("Art. 6(1)(b) GDPR");
    expect(await details.innerText()).toMatch(/messages: [1-9]/);

    await held.getByRole("tab", { name: "As California lists it" }).click();
    expect(await held.getByRole("tabpanel").innerText()).toMatch(
      /Commercial information[\s\S]*Billing records[\s\S]*collected/,
    );
  });

  test("[A13] makes an archive and lets it be saved as a ZIP file", async () => {
    const archives = section("Take your data with you");
    await archives.getByRole("button", { name: "Make an archive" }).click();
    const link = archives.getByRole("link", { name: "Download" });
    await link.waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const bytes = await readFile(await download.path());
    expect(bytes.subarray(0, 2).toString()).toBe("PK");
    expect(bytes.includes("manifest.json")).toBe(true);
  });

  test("[A10] lets a name be corrected, and shows it at once", async () => {
    const profile = section("Correct your data");
    await profile.getByRole("textbox", { name: "Name" }).fill("Ada Lovelace");
    await profile.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Ada Lovelace" }).waitFor();
    expect(await profile.getByRole("textbox", { name: "Name" }).inputValue()).toBe("Ada Lovelace");
  });

  test("[A8][A12] objection and consent take one press to give and one to take back", async () => {
    for (const name of [/^Object:/, /^Consent:/]) {
      for (const state of ["true", "false"]) {
        await toggle(name).click();
        await expect.poll(() => isOn(name), { timeout: WAIT_MS }).toBe(state);
        await expect.poll(() => toggle(name).isEnabled(), { timeout: WAIT_MS }).toBe(true);
      }
    }
    expect(await section("Your choices").innerText()).toContain("You decided on");
  });

  test("[A14] a request is registered with its deadline", async () => {
    const requests = section("Ask the operator");
    await requests.getByRole("button", { name: "Send request" }).click();
    await requests.getByText("You asked for a copy of all data").waitFor();
    expect(await requests.innerText()).toMatch(/open · asked on .* · answered by /);
  });

  test("a deletion has left a receipt, which is checked", async () => {
    const receipts = section("Receipts of deletion");
    await receipts.getByText("A chat, you deleted it").waitFor();
    expect(await receipts.innerText()).toContain("checked");
  });

  test("the operator's page has the numbers and not a word of what was written", async () => {
    await page.goto(`${home.urls.web}/operator`);
    await page.getByRole("region", { name: "Accounts" }).waitFor();
    const text = await page.locator("main").innerText();
    expect(text).toMatch(/Open requests about data[\s\S]*Access · due /);
    for (const word of [CANARY, "Ada", EMAIL]) expect(text).not.toContain(word);
  });

  test("[A18] somebody who does not run the service gets nothing of the operator's page", async () => {
    const theirs = await browser.newContext({ locale: "en-GB" });
    theirs.setDefaultTimeout(WAIT_MS);
    const other = await openSignedIn(theirs, home, "ben@example.com");
    expect(await other.getByRole("link", { name: "Operator", exact: true }).count()).toBe(0);
    await other.goto(`${home.urls.web}/operator`);
    await other.getByText("This page is for whoever runs the service.").waitFor();
    expect(await other.getByRole("region", { name: "Accounts" }).count()).toBe(0);
    await theirs.close();
  });

  test("[A12] a restricted account is read-only, and the page says so until that is lifted", async () => {
    await page.goto(`${home.urls.web}/privacy`);
    await toggle("Restrict processing").click();
    await page.getByText("Processing is restricted.").waitFor();
    expect(await section("Correct your data").getByRole("textbox", { name: "Name" }).isEnabled()).toBe(false);
    await toggle("Restrict processing").click();
    await expect.poll(() => page.getByText("Processing is restricted.").count(), { timeout: WAIT_MS }).toBe(0);
  });

  test("a closed account can be reopened, exported or erased, and shows nothing else", async () => {
    await page.getByRole("button", { name: "Close your account" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Close account" }).click();
    await page.getByRole("heading", { name: "Your account is closed" }).waitFor();
    expect(await page.getByRole("navigation").count()).toBe(0);
    await section("Take your data with you").getByRole("link", { name: "Download" }).waitFor();
    await page.getByRole("button", { name: "Reopen it" }).click();
    await section("Leave").waitFor();
  });

  test("[A11][A16] erasing says what happens, asks for a word, and ends in a receipt", async () => {
    await page.getByRole("button", { name: "Erase everything now" }).click();
    const dialog = page.getByRole("dialog");
    const confirm = dialog.getByRole("button", { name: "Erase everything" });
    expect(await confirm.isEnabled()).toBe(false);
    await dialog.getByRole("textbox").fill("erase");
    await confirm.click();
    await page.getByRole("heading", { name: "Your account is erased" }).waitFor();
    expect(await page.locator("main").innerText()).toMatch(/All gone[\s\S]*Code of the receipt/);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator("input[type=email]").waitFor();
  });
});
