/** `npm test`: sees to a browser, then runs every test. Arguments go to vitest: `npm test -- test/threads`. */
import { ensureChromium } from "./chromium.ts";
import { runVisibly } from "./programs.ts";
import { TEST_RESULTS } from "./test/results.ts";

const PROMISES = "scripts/promises.ts";

const args = process.argv.slice(2);
const browser = await ensureChromium();
const leftOut = "missing" in browser ? `Left out: the browser tests (${browser.missing}).` : null;
if (leftOut) console.log(leftOut);
// A whole run leaves its results, for the table of promises; a part of them would make the rest look unproven.
const isWhole = args.length === 0;
const reporters = isWhole ? ["--reporter=default", "--reporter=json", `--outputFile.json=${TEST_RESULTS}`] : [];
const tested = await runVisibly("vitest", ["run", ...reporters, ...args], {
  ...process.env,
  NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
  ...("path" in browser ? { CHROMIUM_PATH: browser.path } : {}),
});
const proven = isWhole && tested === 0 ? await runVisibly("node", [PROMISES]) : 0;
// Said again at the end, where a person looks.
if (leftOut) console.log(leftOut);
process.exit(tested || proven);
