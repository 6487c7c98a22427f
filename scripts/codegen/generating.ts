/**
 * Generated code, written by the official CLI. It wants a deployment that analyses what it pushes (as a dry run), since
 * only that knows the components' functions; an embedded runtime that lives as long as it takes is one.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { MovableClock } from "../../src/runtime/clock.ts";
import { startConvex } from "../../src/runtime/convex/server.ts";
import { type Finished, runQuietly } from "../programs.ts";

/** Any will do: it guards a port of this machine, for seconds, with nothing behind it. */
const ADMIN_KEY = "codegen|00";
/** What `auth.config.ts` must find set to be analysed; generated code does not depend on it. */
const ENV = { CLERK_JWT_ISSUER_DOMAIN: "https://issuer.invalid" };

/** Writes `convex/_generated` of the project in `projectDir`, whose `node_modules` must be there. */
export async function generateCode(projectDir: string): Promise<Finished> {
  const home = mkdtempSync(path.join(os.tmpdir(), "noruxa-codegen-"));
  try {
    return await generateAgainst(home, projectDir);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** `home`: an empty folder for a runtime without functions of its own. */
async function generateAgainst(home: string, projectDir: string): Promise<Finished> {
  const convexDir = path.join(home, "convex");
  mkdirSync(convexDir);
  symlinkSync(path.join(projectDir, "node_modules"), path.join(home, "node_modules"));
  const runtime = await startConvex({
    dataDir: home,
    convexDir,
    env: ENV,
    clock: new MovableClock(),
    adminKey: ADMIN_KEY,
    host: "127.0.0.1",
    apiPort: 0,
    sitePort: 0,
    log: () => {},
    watch: [],
  });
  try {
    const target = ["--url", runtime.apiUrl, "--admin-key", ADMIN_KEY];
    return await runQuietly("convex", ["codegen", ...target, "--typecheck", "disable"], projectDir);
  } finally {
    await runtime.close();
  }
}
