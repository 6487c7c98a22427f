import { afterEach, expect, test, vi } from "vitest";
import { showLine } from "../../scripts/progress.ts";
import { showProgress } from "../../scripts/transfers.ts";

/** What a command with three tables to go through writes to its terminal, or to a pipe. */
function written(isTerminal: boolean): string {
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    output += String(text);
    return true;
  });
  let output = "";
  const wasTerminal = process.stderr.isTTY;
  process.stderr.isTTY = isTerminal;
  const report = showProgress();
  for (const table of ["users", "messages", "threads"]) for (const done of [256, 400]) report(table, done, 400);
  process.stderr.isTTY = wasTerminal;
  return output;
}

afterEach(() => vi.restoreAllMocks());

test("backup, restore and their kind count on a terminal, table by table, and leave no line behind", () => {
  const output = written(true);
  expect(output).toContain("256 of 400 documents of users");
  expect(output).toContain("256 of 400 documents of threads");
  expect(output.endsWith("\r\u001b[K")).toBe(true);
});

test("they write nothing of it into a pipe", () => {
  expect(written(false)).toBe("");
});

test.each([
  [true, "\r\u001b[Kmeasuring …\r\u001b[K"],
  [false, ""],
])("what a bench is at is a line on a terminal, gone when it is over, and nothing in a pipe: %s", (isTTY, expected) => {
  let output = "";
  const stream = { isTTY, write: (text: string) => (output += text) } as unknown as NodeJS.WriteStream;
  showLine("measuring …", stream);
  showLine("", stream);
  expect(output).toBe(expected);
});
