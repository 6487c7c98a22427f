/** `npm run restore`: brings a backup back into an empty folder, verifies it, and deletes again what was deleted since. */
import { existsSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { readConfig } from "../src/runtime/config.ts";
import { startHome } from "../src/runtime/home.ts";
import { HomeError } from "../src/runtime/homeError.ts";
import { restore } from "../src/runtime/restore.ts";
import { connect } from "./ops/deployment.ts";
import { readLedger, replayLedger } from "./ops/ledger.ts";
import { replayInWords } from "./ops/replay.ts";
import { runTransfer, showProgress } from "./transfers.ts";

const USAGE = `npm run restore -- DATA.zip KEYS.zip [--data DIR]
  DATA.zip     the data that npm run backup wrote
  KEYS.zip     the keys it wrote beside them, or newer ones; also KEYS.sealed, with --open-with
  --open-with PRIVATE.pem
               the private key for which the keys were sealed
  --ledger F   the ledger of erasures that npm run ops -- receipts --out F wrote: what was deleted
               decided or held since the backup is so again before the home is opened; needs secrets.env in DIR
  --data DIR   data folder, empty but for secrets.env (.noruxa)`;

const PROJECT_DIR = path.resolve(import.meta.dirname, "..");

await runTransfer(USAGE, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: "string", default: ".noruxa" },
      ledger: { type: "string" },
      "open-with": { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help || positionals.length === 0) return USAGE;
  const dataDir = path.resolve(values.data);
  const { ledger } = values;
  if (ledger !== undefined) refuseEarly(ledger, dataDir);
  const nowMs = Date.now;
  const restored = await restore({
    files: positionals.map((file) => path.resolve(file)),
    openWith: values["open-with"],
    dataDir,
    nowMs,
    progress: showProgress(),
  });
  const { documents, objects } = restored;
  return `Restored ${documents} documents and ${objects} files of objects into ${dataDir}, and read them back.
${ledger === undefined ? adviceWithoutLedger(dataDir) : await forgetAgain(ledger, dataDir)}`;
});

/** Finds what would stop the replay before anything is restored. */
function refuseEarly(ledger: string, dataDir: string): void {
  readLedger(ledger);
  if (existsSync(path.join(dataDir, "secrets.env"))) return;
  throw new HomeError(`To replay the ledger, put secrets.env of the home that was backed up into ${dataDir} first.`);
}

function adviceWithoutLedger(dataDir: string): string {
  return `Put secrets.env of the home that was backed up into ${dataDir} before you start it. What was deleted after the backup
was made is back: npm run ops -- replay LEDGER --apply deletes it again, before anybody is let in.`;
}

/**
 * Starts the home on ports that nobody knows, and deletes again what the ledger says was deleted. Nothing runs by itself
 * meanwhile: a cron would erase an account that was closed in the backup and has been reopened since.
 */
async function forgetAgain(ledger: string, dataDir: string): Promise<string> {
  const config = readConfig(
    ["--port-base", "0", "--data", dataDir],
    { ...process.env, HOST: "127.0.0.1" },
    PROJECT_DIR,
  );
  if (!config) throw new Error("The settings of the home cannot be read");
  const home = await startHome({ ...config, projectDir: PROJECT_DIR, watch: false, idle: true, log: () => {} });
  try {
    const found = await replayLedger(connect({ url: home.apiUrl, data: dataDir }, {}), ledger, true);
    return replayInWords(found, true).join("\n");
  } finally {
    await home.close();
  }
}
