/** Programs run on a terminal: a pseudo-terminal that util-linux's `script` makes. */
import { type ExecFileOptions, execFile, spawnSync } from "node:child_process";
import { devNull } from "node:os";
import { promisify } from "node:util";

/** Why nothing can be run on a terminal here, or null. */
export const noTerminal =
  spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") === true
    ? null
    : "there is no `script` of util-linux";

/** What the program writes to a terminal, on either output. Rejects when it exits with an error. */
export async function outputOnTerminal(command: string[], options: ExecFileOptions = {}): Promise<string> {
  const quoted = command.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(" ");
  const { stdout } = await promisify(execFile)("script", ["-qec", quoted, devNull], options);
  return String(stdout);
}
