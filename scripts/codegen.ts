/**
 * `npm run codegen`: writes `convex/_generated` from the sources, offline. `--system-udfs` is a flag the Convex CLI
 * does not list: with it, code generation needs no deployment. It leaves out components, which is why
 * `convex/components.ts` is kept by hand and compared with `convex.config.ts` by a test.
 */
import { runVisibly } from "./programs.ts";

process.exit(await runVisibly("convex", ["codegen", "--system-udfs", "--typecheck", "disable"]));
