/** `npm test`: sees to a browser, then runs every test. Arguments go to vitest: `npm test -- test/threads`. */
import { ensureChromium } from "./chromium.ts";
import { runVisibly } from "./programs.ts";

const args = process.argv.slice(2);
const browser = await ensureChromium();
const leftOut = "missing" in browser ? `Left out: the browser tests (${browser.missing}).` : null;
if (leftOut) console.log(leftOut);
const exitCode = await runVisibly("vitest", ["run", ...args], {
  ...process.env,
  NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
  ...("path" in browser ? { CHROMIUM_PATH: browser.path } : {}),
});
// Said again at the end, where a person looks.
if (leftOut) console.log(leftOut);
process.exit(exitCode);
