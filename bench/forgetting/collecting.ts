/** Loaded into a home before anything else: from one SIGUSR2 to the next it collects its garbage twice a second. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const EVERY_MS = 500;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
let collecting: NodeJS.Timeout | undefined;

process.on("SIGUSR2", () => {
  if (collecting) clearInterval(collecting);
  collecting = collecting ? undefined : setInterval(collect, EVERY_MS).unref();
});
