/**
 * `npm run dev:convex`: the backend on a Convex development deployment, kept in step by the official CLI, and the web
 * app by Vite next to it. Needs `npx convex login` once; see docs/deploy.md.
 */

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";

const local = existsSync(".env.local") ? parseEnv(readFileSync(".env.local", "utf8")) : {};
const deployment = process.env.CONVEX_DEPLOYMENT ?? local.CONVEX_DEPLOYMENT ?? process.env.CONVEX_DEPLOY_KEY;
if (!deployment) {
  console.error(
    "No Convex deployment is configured. Run `npx convex dev --once --configure` to make or choose one (it writes\n" +
      ".env.local), set the variables of .env.example there (docs/deploy.md, step by step), then run this again.\n" +
      "Without a Convex account, `npm start` runs everything on this machine.",
  );
  process.exit(1);
}

const programs = [spawn("convex", ["dev"], { stdio: "inherit" }), spawn("vite", [], { stdio: "inherit" })];

// One without the other is of no use: the first to end takes the other with it.
for (const program of programs) {
  program.on("exit", (code) => {
    for (const other of programs) other.kill("SIGTERM");
    process.exitCode = code ?? 1;
  });
}
