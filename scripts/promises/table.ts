/** Promises beside the tests that prove them: pure, for the command and for `npm test` to print. */
import type { Promised } from "../../src/policy/promises.ts";

/** The results of a test run, as far as they are needed: what vitest's JSON reporter writes. */
export interface TestResults {
  testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[];
}

export interface Proof {
  id: string;
  text: string;
  keptBy: readonly string[];
  /** Files with tests that name the promise, and how many in each. */
  tests: Record<string, number>;
  /** `proven`: at least one test ran, and all that ran passed. */
  state: "proven" | "failing" | "unproven";
}

/** Finds the proofs of each promise among the tests that ran. */
export function findProofs(promises: Record<string, Promised>, results: TestResults, root: string): Proof[] {
  return Object.entries(promises).map(([id, { text, keptBy }]) => {
    const found = results.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ fullName, status }) => fullName.includes(`[${id}]`) && status !== "skipped" && status !== "pending")
        .map(({ status }) => ({ file: name.replace(`${root}/`, ""), passed: status === "passed" })),
    );
    const tests: Record<string, number> = {};
    for (const { file } of found) tests[file] = (tests[file] ?? 0) + 1;
    const state = found.length === 0 ? "unproven" : found.every(({ passed }) => passed) ? "proven" : "failing";
    return { id, text, keptBy, tests, state };
  });
}

/** The ids of promises that ought to be proven and are not. */
export function missingProofs(proofs: Proof[], backlog: readonly string[]): string[] {
  return proofs.flatMap(({ id, state }) => (state === "proven" || backlog.includes(id) ? [] : [id]));
}

/** The table as text. */
export function proofTable(proofs: Proof[], backlog: readonly string[]): string {
  const rows = proofs.map(({ id, text, keptBy, tests, state }) => {
    const files = Object.entries(tests).map(([file, count]) => `${file} (${count})`);
    const result = state === "unproven" && backlog.includes(id) ? "unproven, on the backlog" : state;
    return [
      `${id}  ${result}`,
      `    ${text}`,
      `    kept by ${keptBy.join(", ")}`,
      `    ${files.join(", ") || "no test"}`,
    ];
  });
  const proven = proofs.filter(({ state }) => state === "proven").length;
  return [...rows.flat(), "", `${proven} of ${proofs.length} promises are proven.`].join("\n");
}
