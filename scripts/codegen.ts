/** `npm run codegen`: writes `convex/_generated` from the sources, offline. */
import { generateCode } from "./codegen/generating.ts";

const { exitCode, output } = await generateCode(process.cwd());
if (exitCode === 0) console.log("Wrote convex/_generated.");
else console.error(output);
process.exit(exitCode);
