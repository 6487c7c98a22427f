/** A headless Chromium for tests, benchmarks and screenshots. */
import { type Browser, chromium } from "playwright-core";
import { findChromium } from "../../scripts/chromium.ts";

/** As quiet as Chromium gets: whatever it still asks the network for is the page's doing. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Whether this machine has a browser; where it has none, `reason` says what is left out and why. */
export function browserOrReason(): { executablePath: string } | { reason: string } {
  const executablePath = findChromium();
  return executablePath ? { executablePath } : { reason: "no Chromium on this machine; npm test says how to get one" };
}

/** Starts the browser with a profile of its own, which goes when it is closed. Throws where there is none. */
export async function launchBrowser(): Promise<Browser> {
  const found = browserOrReason();
  if ("reason" in found) throw new Error(found.reason);
  return chromium.launch({ ...found, args: FLAGS });
}
