/** From the provider's sending the first words to their being shown in the sending tab, in a real browser. */
import type { Page } from "playwright-core";
import { launchBrowser } from "../test/support/browser.ts";
import { type Home, startHome } from "../test/support/home.ts";
import { planReplies, readModels } from "../test/support/people.ts";
import { type Measurement, median } from "./measurement.ts";

const TURNS = 20;
const TARGET_MS = 100;
/** A page that shows nothing by then is broken, not slow. */
const SHOWN_WITHIN_MS = 30_000;
const PLAN = { chunks: 8, charsPerChunk: 24, firstTokenMs: 400, intervalMs: 60 };

export async function measureFirstToken(onTurn: (turn: number) => void): Promise<Measurement[]> {
  const home = await startHome();
  const browser = await launchBrowser();
  try {
    await planReplies(home, PLAN);
    const page = await browser.newPage();
    await signInOnPage(page, home);
    const delays: number[] = [];
    for (let turn = 0; turn < TURNS; turn += 1) {
      delays.push(await measureTurn(page, home, turn));
      onTurn(turn + 1);
    }
    const delivery = await measureDelivery(home);
    return [
      {
        name: `first words sent by the provider to shown in the tab, median of ${TURNS}`,
        value: median(delays),
        unit: "ms",
        against: { name: "an empty HTTP round trip", value: delivery },
        target: { of: "value", atMost: TARGET_MS },
      },
    ];
  } finally {
    await browser.close();
    await home.dispose();
  }
}

async function signInOnPage(page: Page, home: Home): Promise<void> {
  await page.goto(home.urls.web);
  await page.getByLabel("Email").fill("ada@example.com");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("textbox", { name: "Message" }).waitFor();
}

async function measureTurn(page: Page, home: Home, turn: number): Promise<number> {
  const composer = page.getByRole("textbox", { name: "Message" });
  await composer.fill(`Question number ${turn}`);
  const shown = page.evaluate(whenFirstWordsShow, SHOWN_WITHIN_MS);
  await composer.press("Enter");
  const shownAtMs = await shown;
  await page.getByRole("button", { name: "Send" }).waitFor();
  const sentAtMs = (await readModels(home)).requests.at(-1)?.chunkTimesMs[0];
  if (sentAtMs === undefined) throw new Error("The provider does not know when it sent");
  return shownAtMs - sentAtMs;
}

/**
 * Runs in the page: resolves with the time of the frame that shows the first words of the next reply. That one is the
 * last in the page, where replies of earlier turns come and go as they are scrolled past.
 */
function whenFirstWordsShow(withinMs: number): Promise<number> {
  const newest = () => [...document.querySelectorAll<HTMLElement>("article[data-reply-id]")].at(-1);
  const before = newest()?.dataset.replyId;
  return new Promise((resolve, reject) => {
    const check = () => {
      const reply = newest();
      if (reply?.dataset.replyId === before || !reply?.querySelector(".markdown")?.textContent) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
    };
    const observer = new MutationObserver(check);
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    setTimeout(() => reject(new Error(`No words were shown within ${withinMs} ms`)), withinMs);
  });
}

async function measureDelivery(home: Home): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const startedMs = performance.now();
    await (await fetch(`${home.urls.api}/version`)).text();
    times.push(performance.now() - startedMs);
  }
  return median(times);
}
