/** `npm start`: starts the embedded home, says where it is, and stops it cleanly. */
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { helpText, readConfig } from "./config.ts";
import { DataFolderError, SchemaError } from "./convex/errors.ts";
import { DeploymentError } from "./convex/functions/deploymentError.ts";
import { type Home, startHome } from "./home.ts";
import { HomeError } from "./homeError.ts";

/** A clean stop takes a second or two; past this the process ends anyway, and loses nothing acknowledged. */
const STOP_LIMIT_MS = 8000;

/** Errors whose message says all a person needs. */
const EXPECTED = [HomeError, DataFolderError, DeploymentError, SchemaError];

const projectDir = path.resolve(import.meta.dirname, "../..");

// What this thread was started with would outdo the limits that other threads are given.
setFlagsFromString("--max-semi-space-size=0");
try {
  const config = readConfig(process.argv.slice(2), process.env, projectDir);
  if (config) await run(() => startHome({ ...config, projectDir, watch: true, log: console.log }));
  else console.log(helpText());
} catch (error) {
  const isExpected = EXPECTED.some((kind) => error instanceof kind);
  console.error(isExpected ? (error as Error).message : error);
  process.exit(1);
}

async function run(start: () => Promise<Home>): Promise<void> {
  const home = await start();
  console.log(banner(home));
  await stopSignal();
  console.log("\nStopping …");
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
  await home.close();
}

/** Resolves on the first Ctrl-C or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const once = (signal: NodeJS.Signals) => {
      resolve();
      process.once(signal, () => process.exit(130));
    };
    process.once("SIGINT", once);
    process.once("SIGTERM", once);
  });
}

function banner(home: Home): string {
  return [
    "",
    `  Noruxa is ready: ${home.webUrl}`,
    "",
    `  Convex ${home.apiUrl} · HTTP actions ${home.siteUrl}`,
    `  Objects ${home.objectsUrl} · identity stand-in ${home.identityUrl} · model stand-in ${home.modelsUrl}`,
    "  Stop with Ctrl-C; everything is kept.",
    "",
  ].join("\n");
}
