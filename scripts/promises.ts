/**
 * `npm run promises`: each promise, what keeps it, the tests that prove it and their last result. Reads what the last
 * whole `npm test` left. Ends with 1 where a promise that is not on the backlog is unproven or fails.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { BACKLOG, PROMISES } from "../src/policy/promises.ts";
import { findProofs, missingProofs, proofTable, type TestResults } from "./promises/table.ts";
import { TEST_RESULTS } from "./test/results.ts";

const root = path.resolve(import.meta.dirname, "..");
const file = path.join(root, TEST_RESULTS);
if (!existsSync(file)) {
  console.error("No results: run `npm test` first.");
  process.exit(1);
}
const proofs = findProofs(PROMISES, JSON.parse(readFileSync(file, "utf8")) as TestResults, root);
console.log(proofTable(proofs, BACKLOG));
const missing = missingProofs(proofs, BACKLOG);
if (missing.length > 0) console.error(`Unproven: ${missing.join(", ")}.`);
process.exit(missing.length > 0 ? 1 : 0);
