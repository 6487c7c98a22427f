/** `npm run backup`: writes everything a home holds into one ZIP, while it serves. */
import path from "node:path";
import { parseArgs } from "node:util";
import { backUp } from "../src/runtime/backup.ts";
import { runTransfer, showProgress } from "./transfers.ts";

const USAGE = `npm run backup -- [--data DIR] [--out FILE]
  --data DIR   data folder (.noruxa)
  --out FILE   where the ZIP goes (noruxa-<time>.zip)`;

await runTransfer(USAGE, async () => {
  const { values } = parseArgs({
    options: { data: { type: "string", default: ".noruxa" }, out: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help) return USAGE;
  const time = new Date().toISOString().replace(/[:.]/g, "-");
  const file = path.resolve(values.out ?? `noruxa-${time}.zip`);
  await backUp({ dataDir: path.resolve(values.data), file, progress: showProgress() });
  const secrets = path.join(path.resolve(values.data), "secrets.env");
  return `Wrote ${file}. It holds no keys: keep a copy of ${secrets} elsewhere, or nothing in it can ever be read.`;
});
