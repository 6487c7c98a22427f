/** Commands that take long count on a terminal, and say nothing of it in a pipe. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { noTerminal, outputOnTerminal } from "../support/terminal.ts";

const COMMANDS = [
  { name: "torture", args: ["--rounds", "1"], counted: "1 of 1 rounds", verdict: /Nothing was lost.*1 kills/ },
  { name: "differential", args: ["--programs", "2"], counted: "1 of 2 programs", verdict: /2 programs agree/ },
];

describe.concurrent.each(COMMANDS)("npm run $name", { timeout: 120_000 }, ({ name, args, counted, verdict }) => {
  const command = [process.execPath, "--disable-warning=ExperimentalWarning", `scripts/${name}.ts`, ...args];

  test.skipIf(noTerminal)(`counts on a terminal${noTerminal ? ` (${noTerminal})` : ""}`, async () => {
    const output = await outputOnTerminal(command);
    expect(output).toContain(counted);
    expect(output).toMatch(verdict);
  });

  test("writes its verdict alone into a pipe", async () => {
    const [program = "", ...rest] = command;
    const { stdout, stderr } = await promisify(execFile)(program, rest);
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toEqual([expect.stringMatching(verdict)]);
  });
});
