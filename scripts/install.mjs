/**
 * Installs the project's dependencies when they are missing or out of date.
 * Plain JavaScript without dependencies: it runs on whatever Node the machine has (20 or newer).
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import path from "node:path";

const LOCK_POLL_MS = 500;

/** Brings `node_modules` of `root` in step with `package-lock.json`. Throws an Error with npm's own words on failure. */
export async function ensureInstalled(root) {
  if (isInstalled(root)) return;
  const release = await takeInstallLock(root);
  try {
    if (!isInstalled(root)) await install(root);
  } finally {
    release();
  }
}

/**
 * npm writes `node_modules/.package-lock.json` as the last step of an install, so an interrupted install lacks it,
 * and one made for another `package-lock.json` differs from it. Packages of other platforms are optional and absent.
 */
function isInstalled(root) {
  if (!existsSync(projectNode(root))) return false;
  const wanted = readPackages(path.join(root, "package-lock.json"));
  const present = readPackages(path.join(root, "node_modules", ".package-lock.json"));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === "") return true;
    const found = present[place];
    return found ? found.version === entry.version && found.integrity === entry.integrity : entry.optional === true;
  });
}

/** The project's own Node, which the `node` package brings. */
export function projectNode(root) {
  return path.join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? null;
  } catch {
    // Missing or cut off: either way nothing that can be trusted is installed.
    return null;
  }
}

async function install(root) {
  const startedMs = Date.now();
  const stopProgress = showProgress(
    () => `Installing dependencies (about a minute, once) … ${secondsSince(startedMs)} s`,
  );
  const { code, output } = await runNpm(root, ["ci", "--include=dev", "--no-audit", "--no-fund"]);
  stopProgress();
  if (code !== 0) throw new Error(`npm ci failed:\n${output}`);
  if (!isInstalled(root)) throw new Error(`npm ci ended without a complete node_modules:\n${output}`);
  console.log(`Dependencies installed in ${secondsSince(startedMs)} s.`);
}

function secondsSince(startedMs) {
  return Math.round((Date.now() - startedMs) / 1000);
}

/** On a terminal one line that is rewritten every second, elsewhere one plain line. */
function showProgress(text) {
  if (!process.stdout.isTTY) {
    console.log("Installing dependencies (about a minute, once) …");
    return () => {};
  }
  const draw = () => process.stdout.write(`\r\u001b[K${text()}`);
  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stdout.write("\r\u001b[K");
  };
}

function runNpm(root, args) {
  // Under `npm start` this is the very npm that was called; run by hand it is the one on the PATH.
  const npmScript = process.env.npm_execpath;
  const [command, prefix] = npmScript?.endsWith(".js") ? [process.execPath, [npmScript]] : ["npm", []];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...prefix, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("error", (cause) => reject(new Error(`npm could not be started: ${cause.message}`, { cause })));
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** Two first commands at once in one clone must not install over each other. A lock whose owner died is taken over. */
async function takeInstallLock(root) {
  const file = path.join(root, ".noruxa", "install.lock");
  mkdirSync(path.dirname(file), { recursive: true });
  while (!createLock(file)) {
    if (isAlive(Number(readFileIfAny(file)))) await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    else rmSync(file, { force: true });
  }
  return () => rmSync(file, { force: true });
}

function createLock(file) {
  try {
    const handle = openSync(file, "wx");
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function readFileIfAny(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Released between the attempt to create it and this read.
    return "";
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
