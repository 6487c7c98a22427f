import { randomUUID } from "node:crypto";
import { internal } from "../../convex/_generated/api.js";
import type { Command } from "./command.ts";

/** Gives back what a reply or a job was charged. */
export const creditsRefund: Command = {
  name: "credits-refund",
  synopsis: "credits-refund <reply:id | job:id>",
  purpose: "gives back, once, what a reply or a job was charged",
  run: async ({ deployment, subjects: [subject], apply, print }) => {
    if (subject === undefined) throw new Error("Of what? Name a reply or a job, such as reply:k57abc.");
    const corrected = await deployment.call(internal.usage.corrections.refund, { subject, apply });
    if (!corrected) throw new Error(`${subject} was charged nothing, or was given back already.`);
    print(`${subject}: ${corrected.credits} credits back, balance ${corrected.balance}`);
    return 0;
  },
};

/** Gives or takes credits. */
export const creditsAdjust: Command = {
  name: "credits-adjust",
  synopsis: "credits-adjust <identity id> <credits>",
  purpose: "gives a person credits that do not expire, or takes some: 500, =-500",
  run: async ({ deployment, subjects: [identityId, amount], apply, print }) => {
    const credits = Number(amount?.replace(/^=/u, ""));
    if (identityId === undefined || !Number.isSafeInteger(credits))
      throw new Error("Whom, and how many whole credits?");
    const request = { identityId, credits, requestId: randomUUID(), apply };
    const corrected = await deployment.call(internal.usage.corrections.adjust, request);
    if (!corrected) throw new Error(`Nobody has the id ${identityId} here.`);
    print(`${identityId}: ${corrected.credits} credits, balance ${corrected.balance}`);
    return 0;
  },
};
