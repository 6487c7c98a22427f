import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findProofs, missingProofs, proofTable } from "../../scripts/promises/table.ts";
import { BACKLOG, PROMISES } from "../../src/policy/promises.ts";

const promises = {
  A1: { text: "Kept.", keptBy: ["a.ts"] },
  A2: { text: "Broken.", keptBy: ["b.ts"] },
  A3: { text: "Untested.", keptBy: ["c.ts"] },
  A10: { text: "Left out.", keptBy: ["d.ts"] },
};
const run = (fullName: string, status = "passed") => ({ fullName, status });
const results = {
  testResults: [
    { name: "/project/test/one.test.ts", assertionResults: [run("chats [A1] [A2] are kept"), run("[A1] again")] },
    {
      name: "/project/test/two.test.ts",
      assertionResults: [run("[A2] breaks", "failed"), run("[A10] waits for a browser", "skipped")],
    },
  ],
};

describe("the promises", () => {
  it("are A1 to A22", () => {
    expect(Object.keys(PROMISES)).toEqual(Array.from({ length: 22 }, (_, index) => `A${index + 1}`));
  });

  it("name modules that exist", () => {
    const named = Object.values(PROMISES).flatMap(({ keptBy }) => keptBy);
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
    expect(Object.values(PROMISES).every(({ keptBy }) => keptBy.length > 0)).toBe(true);
  });

  it("have a short backlog", () => {
    expect(BACKLOG.length).toBeLessThanOrEqual(1);
  });
});

describe("the table of promises", () => {
  const proofs = findProofs(promises, results, "/project");

  it("finds the tests that name a promise, wherever in the title, and what became of them", () => {
    expect(proofs.map(({ id, state, tests }) => [id, state, tests])).toEqual([
      ["A1", "proven", { "test/one.test.ts": 2 }],
      ["A2", "failing", { "test/one.test.ts": 1, "test/two.test.ts": 1 }],
      ["A3", "unproven", {}],
      ["A10", "unproven", {}],
    ]);
  });

  it("misses what is unproven or fails, except what is on the backlog", () => {
    expect(missingProofs(proofs, ["A3"])).toEqual(["A2", "A10"]);
  });

  it("shows promise, modules, tests and result", () => {
    const table = proofTable(proofs, ["A3"]);
    expect(table).toContain("A1  proven\n    Kept.\n    kept by a.ts\n    test/one.test.ts (2)");
    expect(table).toContain("A3  unproven, on the backlog");
    expect(table).toContain("1 of 4 promises are proven.");
  });
});
