/**
 * Takes a picture of every page and of what opens above it, in both themes and at the width of a phone, into
 * `docs/screenshots/`; with names of pages (`-- chat library`) of those alone. Look at them before committing them: pages
 * differ by a pixel from run to run, so no test compares them.
 */
import { mkdir, writeFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { launchBrowser } from "../test/support/browser.ts";
import { type Home, startHome } from "../test/support/home.ts";
import { LIVED_MS, liveIn } from "../test/support/lifelike.ts";
import { type AppPage, openedPages, openSignedIn, signedInPages, signInPage } from "../test/support/pages.ts";

const OUT = "docs/screenshots";
const EMAIL = "ada@example.com";
const DAYS = 12;
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
/** What fades in is there by then. */
const SETTLE_MS = 700;

const looks = [
  { suffix: "", colorScheme: "light", viewport: WIDE },
  { suffix: "-dark", colorScheme: "dark", viewport: WIDE },
  { suffix: "-phone", colorScheme: "light", viewport: PHONE },
] as const;

const asked = process.argv.slice(2);
const isAsked = ({ name }: AppPage) => asked.length === 0 || asked.includes(name);

await mkdir(OUT, { recursive: true });
const home = await startHome({ env: { OPERATOR_EMAILS: EMAIL } });
let browser: Browser | undefined;
try {
  await liveIn(home, { email: EMAIL, days: DAYS });
  browser = await launchBrowser();
  for (const look of looks) await picture(browser, home, look);
} finally {
  await browser?.close();
  await home.dispose();
}

async function picture(browser: Browser, home: Home, look: (typeof looks)[number]): Promise<void> {
  const context = await browser.newContext({ ...look, deviceScaleFactor: 1, locale: "en-US" });
  await context.clock.setSystemTime(Date.now() + LIVED_MS);
  const visitor = await context.newPage();
  await signInPage.open(visitor, home);
  if (isAsked(signInPage)) await save(visitor, `${signInPage.name}${look.suffix}`);
  const page = await openSignedIn(context, home, EMAIL);
  for (const { name, open, isAbove } of [...signedInPages, ...openedPages].filter(isAsked)) {
    await open(page, home);
    await save(page, `${name}${look.suffix}`);
    if (isAbove) await page.keyboard.press("Escape");
  }
  await context.close();
}

async function save(page: Page, name: string): Promise<void> {
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  await page.waitForTimeout(SETTLE_MS);
  const png = await sharp(await page.screenshot())
    .png({ palette: true, quality: 90, compressionLevel: 9 })
    .toBuffer();
  await writeFile(`${OUT}/${name}.png`, png);
  console.log(`${OUT}/${name}.png  ${Math.round(png.length / 1000)} kB`);
}
