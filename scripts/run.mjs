/**
 * `node scripts/run.mjs <program> [arguments]`: installs what is missing, then runs the program on the project's
 * own Node, so that every npm script works as the first command on a fresh clone, whatever Node the machine has.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { FLAGS, HOME, HOME_FLAGS } from "./flags.mjs";
import { ensureInstalled, projectNode } from "./install.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

try {
  await ensureInstalled(root);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
run(process.argv.slice(2));

function run([program, ...args]) {
  const child = spawn(projectNode(root), [...(program === HOME ? HOME_FLAGS : FLAGS), program, ...args], {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${path.join(root, "node_modules", ".bin")}${path.delimiter}${process.env.PATH}`,
      // Stripping types and compiling is a third of a start; Node keeps the outcome by the content of each file.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? path.join(root, "node_modules", ".cache", "node"),
      // glibc gives each thread memory of its own to allocate from, and what files leave there comes back to none of them.
      MALLOC_ARENA_MAX: process.env.MALLOC_ARENA_MAX ?? "2",
    },
  });
  // Ctrl-C reaches the program by itself, since it shares the terminal; this process only has to outlive it.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => {
    console.error(`The project's Node could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
