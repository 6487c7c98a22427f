import { internal } from "../../convex/_generated/api.js";
import type { RegisteredRequest } from "../../convex/privacy/register.ts";
import { REQUEST_KINDS, type RequestKind, VERIFICATIONS, type Verification } from "../../src/policy/rights.ts";
import type { Command, Run } from "./command.ts";

const ANSWERS = ["fulfilled", "refused", "withdrawn"] as const;

/** Lists open requests about data, enters those that come by mail, and records their verification and their answer. */
export const privacyRequest: Command = {
  name: "privacy-request",
  synopsis: "privacy-request [record | verify | answer] …",
  purpose: "lists open requests about data; alone, or with an action it shows what that takes",
  run: async (run) => {
    const [action, ...rest] = run.subjects;
    if (action === undefined) return list(run);
    const changed = await change(run, action, rest);
    run.print(line(changed));
    return 0;
  },
};

/** Exits with 1 while a request is overdue, so that a monitor can run it. */
async function list({ deployment, print }: Run): Promise<number> {
  const open = await deployment.call(internal.privacy.register.listOpen, {});
  for (const request of open) print(line(request));
  if (open.length === 0) print("No request is open.");
  return open.some(({ isOverdue }) => isOverdue) ? 1 : 0;
}

function change({ deployment, apply }: Run, action: string, rest: string[]): Promise<RegisteredRequest> {
  const [reference = "", what = "", third] = rest;
  const register = internal.privacy.register;
  if (action === "record") {
    const kind = oneOf(Object.keys(REQUEST_KINDS) as RequestKind[], what, "record <reference> <kind> [day received]");
    return deployment.call(register.record, { reference, kind, receivedAt: timeOf(third), apply });
  }
  if (action === "verify") {
    const how = Object.keys(VERIFICATIONS) as Verification[];
    const verifiedBy = oneOf(how, what, "verify <reference> <how> [identity id]");
    return deployment.call(register.verify, { reference, verifiedBy, identityId: third, apply });
  }
  if (action !== "answer") throw new Error("record, verify or answer?");
  const state = oneOf(ANSWERS, what, "answer <reference> <state>");
  return deployment.call(register.answer, { reference, state, apply });
}

function oneOf<Name extends string>(names: readonly Name[], given: string, usage: string): Name {
  const name = names.find((each) => each === given);
  if (name === undefined) throw new Error(`privacy-request ${usage}: one of ${names.join(", ")}`);
  return name;
}

/** The start of a day as 2026-11-21 (UTC), from which deadlines count; now where none is given. */
function timeOf(day: string | undefined): number {
  const timeMs = day === undefined ? Date.now() : Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(timeMs)) throw new Error(`${day} is no day such as 2026-11-21.`);
  return timeMs;
}

function line({ reference, kind, channel, state, dueAt, verifiedBy, isOverdue }: RegisteredRequest): string {
  const due = new Date(dueAt).toISOString().slice(0, 10);
  const verified = verifiedBy ? `verified: ${VERIFICATIONS[verifiedBy]}` : "not verified";
  return `${reference} ${kind} by ${channel}: ${state}, due ${due}${isOverdue ? " (OVERDUE)" : ""}, ${verified}`;
}
