import { internal } from "../../convex/_generated/api.js";
import type { Command } from "./command.ts";
import { ageInWords, countInWords } from "./words.ts";

/** Says what the outbox for bytes holds; exits 1 while the bucket does not confirm something. */
export const outbox: Command = {
  name: "outbox",
  synopsis: "outbox",
  purpose: "the files that wait to be deleted from the bucket; --apply starts the drainer now",
  details: ["Exits with 1 while there are files that the bucket has not confirmed after ten tries."],
  run: async ({ deployment, apply, print }) => {
    const { waiting, oldestAskedAt, stuck } = await deployment.call(internal.media.deletes.state, {});
    print(`Files that wait: ${countInWords(waiting)}, tried ten times or more: ${stuck}`);
    if (oldestAskedAt !== null) print(`The oldest has waited for ${ageInWords(Date.now() - oldestAskedAt)}`);
    if (apply) await deployment.call(internal.media.deletes.kick, {});
    return stuck === 0 ? 0 : 1;
  },
};
