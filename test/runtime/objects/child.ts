/** A store in a process of its own, to be killed: prints its port, and on any input the most memory it ever used. */
import { startObjects } from "../../../src/runtime/objects/server.ts";
import { ADMIN_KEY, BUCKET, CREDENTIALS } from "./settings.ts";

const { port } = await startObjects({
  dataDir: process.argv[2]!,
  host: "127.0.0.1",
  port: 0,
  bucket: BUCKET,
  ...CREDENTIALS,
  allowedOrigins: [],
  adminKey: ADMIN_KEY,
  log: () => undefined,
});
console.log(port);
process.stdin.on("data", () => console.log(process.resourceUsage().maxRSS * 1024));
