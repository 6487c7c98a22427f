/**
 * Lets Lighthouse judge the pages people meet first, as a phone on a slow line sees them, and prints what it gave beside
 * what is asked. Exits 1 where less was reached. Its times depend on the machine: let it rest meanwhile.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { browserOrReason, FLAGS } from "../test/support/browser.ts";
import { startHome } from "../test/support/home.ts";
import { liveIn } from "../test/support/lifelike.ts";
import { openSignedIn, signedInPages } from "../test/support/pages.ts";
import { runQuietly } from "./programs.ts";

/** Fetched when it is asked for: 114 packages for one command would slow down every installation. */
const LIGHTHOUSE = "lighthouse@13.5.0";
const EMAIL = "ada@example.com";
const ASKED = { performance: 90, accessibility: 100, "best-practices": 100 };

type Category = keyof typeof ASKED;

const MEASURES = [
  "first-contentful-paint",
  "largest-contentful-paint",
  "total-blocking-time",
  "cumulative-layout-shift",
  "speed-index",
];

interface LighthouseReport {
  categories: Record<Category, { score: number }>;
  audits: Record<string, { displayValue?: string }>;
}

const dir = await mkdtemp(path.join(os.tmpdir(), "noruxa-lighthouse-"));
const home = await startHome();
let context: BrowserContext | undefined;
try {
  await liveIn(home, { email: EMAIL, days: 1 });
  const port = await freePort();
  context = await openBrowser(port);
  const judgements = { "sign-in": await judge(home.urls.web, port) };
  const page = await openSignedIn(context, home, EMAIL);
  for (const name of ["chat", "library"]) {
    await signedInPages.find((each) => each.name === name)?.open(page, home);
    Object.assign(judgements, { [name]: await judge(page.url(), port) });
  }
  report(judgements);
} finally {
  await context?.close();
  await home.dispose();
  await rm(dir, { recursive: true, force: true });
}

/** A browser whose one profile Lighthouse shares: it opens tabs of its own, signed in as the profile is. */
function openBrowser(port: number): Promise<BrowserContext> {
  const found = browserOrReason();
  if ("reason" in found) throw new Error(found.reason);
  const args = [...FLAGS, `--remote-debugging-port=${port}`];
  return chromium.launchPersistentContext(path.join(dir, "profile"), { ...found, args, locale: "en-US" });
}

interface Judgement {
  scores: Record<Category, number>;
  /** What the performance is made of, as Lighthouse writes it. */
  measures: string;
}

async function judge(url: string, port: number): Promise<Judgement> {
  const file = path.join(dir, "report.json");
  const flags = [`--port=${port}`, "--disable-storage-reset", "--output=json", `--output-path=${file}`, "--quiet"];
  const categories = `--only-categories=${Object.keys(ASKED).join(",")}`;
  const { exitCode, output } = await runQuietly("npx", ["--yes", LIGHTHOUSE, url, ...flags, categories]);
  if (exitCode !== 0) throw new Error(`Lighthouse did not judge ${url}:\n${output}`);
  const report = JSON.parse(await readFile(file, "utf8")) as LighthouseReport;
  const scoreOf = (category: Category) => Math.round(report.categories[category].score * 100);
  return {
    scores: {
      performance: scoreOf("performance"),
      accessibility: scoreOf("accessibility"),
      "best-practices": scoreOf("best-practices"),
    },
    measures: MEASURES.map((name) => `${name} ${report.audits[name]?.displayValue}`).join(", "),
  };
}

function report(judgements: Record<string, Judgement>): void {
  const rows = Object.entries(judgements).flatMap(([page, { scores }]) =>
    (Object.keys(ASKED) as Category[]).map((category) => {
      const [score, asked] = [scores[category], ASKED[category]];
      return { page, category, score, asked, reached: score >= asked };
    }),
  );
  console.table(rows);
  for (const [page, { measures }] of Object.entries(judgements)) console.log(`${page}: ${measures}`);
  if (rows.some(({ reached }) => !reached)) process.exitCode = 1;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
