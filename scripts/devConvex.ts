/**
 * `npm run dev:convex`: the backend on a Convex development deployment, kept in step by the official CLI, and the web
 * app by Vite next to it. Needs the accounts of docs/deploy.md, steps 1 to 4.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { missingSettings } from "./devConvex/settings.ts";

const local = existsSync(".env.local") ? parseEnv(readFileSync(".env.local", "utf8")) : {};
const missing = missingSettings({ ...local, ...process.env });
if (missing.length > 0) {
  console.error(missing.join("\n"));
  console.error("docs/deploy.md leads there step by step; without any account, `npm start` runs everything here.");
  process.exit(1);
}

// One without the other is of no use: the first to end takes the other with it.
const programs = [spawn("convex", ["dev"], { stdio: "inherit" }), spawn("vite", [], { stdio: "inherit" })];
for (const program of programs) {
  program.on("exit", (code) => {
    process.exitCode ??= code ?? 1;
    for (const other of programs) other.kill("SIGTERM");
  });
}
