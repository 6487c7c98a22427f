import { internal } from "../../convex/_generated/api.js";
import type { Command } from "./command.ts";
import { countInWords } from "./words.ts";

/** Says what bucket and database do not agree about; exits 1 while files are missing. */
export const orphans: Command = {
  name: "orphans",
  synopsis: "orphans",
  purpose: "files that no row names, and rows whose file is missing; --apply begins a pass over the bucket",
  details: [
    "A file is deleted when two passes have met it without a row. Exits with 1 while files are missing: look at the bucket.",
  ],
  run: async ({ deployment, apply, print }) => {
    const { marked, missing } = await deployment.call(internal.media.strays.state, {});
    print(`Files without a row, marked by the last pass: ${countInWords(marked)}`);
    print(`Rows whose file the bucket has lost: ${countInWords(missing)}`);
    if (apply) await deployment.call(internal.media.strays.beginPass, {});
    return missing.count === 0 ? 0 : 1;
  },
};
