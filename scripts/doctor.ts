/** `npm run doctor`: checks a deployment's variables, one by one, and the services behind them. Exits 1 when any is wrong. */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs, parseEnv } from "node:util";
import { askForMasterKeys } from "./doctor/masterKeys.ts";
import { askAll } from "./doctor/probes.ts";
import { countWrong, formatReport } from "./doctor/report.ts";
import { inspect, type Values } from "./doctor/variables.ts";
import { runQuietly } from "./programs.ts";

const USAGE = `npm run doctor                        checks .env.local and the environment
npm run doctor -- --file prod.env     checks a file
npm run doctor -- --convex            checks the variables of the development deployment
npm run doctor -- --convex --prod     checks those of the production deployment
npm run doctor -- --file F --convex   checks a file as it would be there, before it is set
npm run doctor -- --offline           asks no service`;

/** Long enough for a slow service, short enough to wait for. */
const PROBE_TIMEOUT_MS = 5_000;

try {
  process.exitCode = await examine();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function examine(): Promise<number> {
  const { values: options } = parseArgs({
    options: {
      file: { type: "string" },
      convex: { type: "boolean", default: false },
      prod: { type: "boolean", default: false },
      offline: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const values = await readValues(options);
  const findings = inspect(values);
  const usable = new Set(findings.filter(({ state }) => state === "ok").map(({ name }) => name));
  const answers = options.offline ? [] : await askAll(values, (name) => usable.has(name), PROBE_TIMEOUT_MS);
  if (options.convex) answers.push(await askForMasterKeys(values, options.prod));
  console.log(formatReport(findings, answers));
  return countWrong(findings, answers) === 0 ? 0 : 1;
}

async function readValues(options: { file?: string; convex: boolean; prod: boolean }): Promise<Values> {
  if (options.file) return parseEnv(readFileSync(options.file, "utf8"));
  if (options.convex) return readDeployment(options.prod);
  const local = existsSync(".env.local") ? parseEnv(readFileSync(".env.local", "utf8")) : {};
  return { ...local, ...process.env };
}

/** The variables set at the Convex deployment, as its CLI lists them (`NAME=value`, one a line). */
async function readDeployment(prod: boolean): Promise<Values> {
  const { exitCode, output } = await runQuietly("convex", [
    "env",
    "list",
    "--include-values",
    ...(prod ? ["--prod"] : []),
  ]);
  if (exitCode !== 0) throw new Error(`The Convex CLI could not list the variables:\n${output.trim()}`);
  return parseEnv(output);
}
