/** `npm run backup`: writes what a home holds into two ZIP files, data and keys, while it serves. */
import path from "node:path";
import { parseArgs } from "node:util";
import { backUp } from "../src/runtime/backup.ts";
import { readPublicKey } from "../src/runtime/sealedFile.ts";
import { runTransfer, showProgress } from "./transfers.ts";

const USAGE = `npm run backup -- [--data DIR] [--out NAME] [--seal-keys-for PUBLIC.pem]
  --data DIR   data folder (.noruxa)
  --out NAME   writes NAME.data.zip and NAME.keys.zip (noruxa-<time>)
  --seal-keys-for PUBLIC.pem
               writes NAME.keys.sealed instead, which only the private RSA key opens: keep that one offline`;

await runTransfer(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: ".noruxa" },
      out: { type: "string" },
      "seal-keys-for": { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return USAGE;
  const time = new Date().toISOString().replace(/[:.]/g, "-");
  const name = path.resolve(values.out ?? `noruxa-${time}`);
  const dataDir = path.resolve(values.data);
  const publicKeyFile = values["seal-keys-for"];
  const sealKeysFor = publicKeyFile === undefined ? undefined : await readPublicKey(publicKeyFile);
  const [dataFile, keysFile] = [`${name}.data.zip`, `${name}.keys.${sealKeysFor ? "sealed" : "zip"}`];
  await backUp({ dataDir, dataFile, keysFile, sealKeysFor, progress: showProgress() });
  return `Wrote ${dataFile}: keep it up to 30 days.
Wrote ${keysFile}: keep the last two of these only, since older ones bring back what people deleted.
Both need the master keys to be read: keep a copy of ${path.join(dataDir, "secrets.env")} elsewhere.`;
});
