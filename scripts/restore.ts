/** `npm run restore`: brings a backup back into an empty folder, and verifies it. */
import path from "node:path";
import { parseArgs } from "node:util";
import { restore } from "../src/runtime/restore.ts";
import { runTransfer, showProgress } from "./transfers.ts";

const USAGE = `npm run restore -- DATA.zip KEYS.zip [--data DIR]
  DATA.zip     the data that npm run backup wrote
  KEYS.zip     the keys it wrote beside them, or newer ones
  --data DIR   data folder, empty but for secrets.env (.noruxa)`;

await runTransfer(USAGE, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { data: { type: "string", default: ".noruxa" }, help: { type: "boolean" } },
  });
  if (values.help || positionals.length === 0) return USAGE;
  const dataDir = path.resolve(values.data);
  const nowMs = Date.now;
  const restored = await restore({
    files: positionals.map((file) => path.resolve(file)),
    dataDir,
    nowMs,
    progress: showProgress(),
  });
  const { documents, objects } = restored;
  return `Restored ${documents} documents and ${objects} files of objects into ${dataDir}, and read them back.
Put secrets.env of the home that was backed up into ${dataDir} before you start it.`;
});
