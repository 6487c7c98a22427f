import { internal } from "../../convex/_generated/api.js";
import type { Command } from "./command.ts";
import { countInWords } from "./words.ts";

/** Says how many chats go when. */
export const retentionPreview: Command = {
  name: "retention-preview",
  synopsis: "retention-preview",
  purpose: "how many chats go within a day and a week; --apply sweeps those that are due now",
  run: async ({ deployment, apply, print }) => {
    const { overdue, within24h, within7d } = await deployment.call(internal.operator.state.retention, {});
    print(`past their period, hidden and not swept yet, or kept by a restriction or a hold: ${countInWords(overdue)}`);
    print(`within 24 hours: ${countInWords(within24h)}`);
    print(`within 7 days: ${countInWords(within7d)}`);
    if (apply) await deployment.call(internal.threads.expiry.sweep, {});
    return 0;
  },
};
