/** Where the headless browser of tests, benchmarks and screenshots comes from. */
import { existsSync } from "node:fs";
import { runQuietly } from "./programs.ts";

const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of a Chromium on this machine (`CHROMIUM_PATH` wins), or null. */
export function findChromium(): string | null {
  const candidates = process.env.CHROMIUM_PATH ? [process.env.CHROMIUM_PATH] : USUAL_PLACES;
  return candidates.find((place) => existsSync(place)) ?? null;
}

/**
 * Finds Chromium, installing it from Debian's packages where it is missing and that is possible (root and apt).
 * Resolves to its path, or to a sentence saying why there is none.
 */
export async function ensureChromium(): Promise<{ path: string } | { missing: string }> {
  const found = findChromium();
  if (found) return { path: found };
  if (process.env.CHROMIUM_PATH) return { missing: `CHROMIUM_PATH names no file: ${process.env.CHROMIUM_PATH}` };
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    return {
      missing: "no Chromium on this machine, and it can be installed only as root on Debian; or set CHROMIUM_PATH",
    };
  }
  console.log("Installing Chromium from Debian's packages (about a minute, once) …");
  const failure = await installChromium();
  const installed = findChromium();
  return installed ? { path: installed } : { missing: `Chromium could not be installed: ${failure}` };
}

async function installChromium(): Promise<string> {
  const steps = [["update"], ["install", "--yes", "--no-install-recommends", "chromium"]];
  for (const args of steps) {
    const { exitCode, output } = await runQuietly("/usr/bin/env", [
      "DEBIAN_FRONTEND=noninteractive",
      "apt-get",
      ...args,
    ]);
    if (exitCode !== 0) return output.trim().split("\n").slice(-3).join(" ");
  }
  return "apt-get succeeded, but no browser is in the usual places";
}
