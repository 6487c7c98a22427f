/** `npm run check`: format, lint, dead code and types. Prints what each found; exits 1 when any found something. */
import { runQuietly } from "./programs.ts";

const checks = [
  { name: "format", command: "biome", args: ["check", "--error-on-warnings", "."], remedy: "npm run format mends it" },
  { name: "lint", command: "oxlint", args: ["--deny-warnings"], remedy: "see .oxlintrc.json" },
  { name: "dead code", command: "knip", args: [], remedy: "remove what nothing uses, or see knip.json" },
  { name: "types", command: "tsc", args: ["--noEmit"], remedy: "see tsconfig.json" },
];

let failed = 0;
for (const { name, command, args, remedy } of checks) {
  const { exitCode, output } = await runQuietly(command, args);
  if (exitCode === 0) {
    console.log(`✓ ${name}`);
    continue;
  }
  failed += 1;
  console.log(`✗ ${name} (${remedy})\n${output}`);
}
process.exit(failed === 0 ? 0 : 1);
