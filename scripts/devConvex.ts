/**
 * `npm run dev:convex`: the backend on a Convex development deployment, kept in step by the official CLI, and the web
 * app by Vite next to it. Needs the accounts of docs/deploy.md, steps 1 to 4.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { createServer, type Plugin } from "vite";
import type { WebConfig } from "../src/web/app/config.ts";
import { pageSettings } from "./devConvex/settings.ts";

const local = existsSync(".env.local") ? parseEnv(readFileSync(".env.local", "utf8")) : {};
const settings = pageSettings({ ...local, ...process.env });
if ("missing" in settings) {
  console.error(settings.missing.join("\n"));
  console.error("docs/deploy.md leads there step by step; without any account, `npm start` runs everything here.");
  process.exit(1);
}

const web = await createServer({ plugins: [pageConfig(settings)] });
await web.listen();
web.printUrls();
const backend = spawn("convex", ["dev"], { stdio: "inherit" });
// The page is of no use without its backend, and the CLI has said what went wrong.
backend.on("exit", async (code) => {
  await web.close();
  process.exit(code ?? 1);
});

/** Answers `/config.json`, which in production is a file beside the page. */
function pageConfig(page: WebConfig): Plugin {
  return {
    name: "page-config",
    configureServer: ({ middlewares }) => {
      middlewares.use("/config.json", (_request, response) => {
        response.setHeader("content-type", "application/json").end(JSON.stringify(page));
      });
    },
  };
}
