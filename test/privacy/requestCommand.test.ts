import { type FunctionReference, getFunctionName } from "convex/server";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import type { Deployment } from "../../scripts/ops/deployment.ts";
import { privacyRequest } from "../../scripts/ops/privacyRequest.ts";
import { ANSWER_MS } from "../../src/policy/rights.ts";
import { type Backend, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";

useBackendEnvironment();

let backend: Backend;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 4, 20) });
  backend = startBackend();
});

/** Calls the backend under test as an operator's connection calls a deployment. */
const call = (called: FunctionReference<"query" | "mutation", "internal">, args: Record<string, unknown>) =>
  getFunctionName(called).endsWith(":listOpen")
    ? backend.query(called as FunctionReference<"query", "internal">, args)
    : backend.mutation(called as FunctionReference<"mutation", "internal">, args);

/** Runs `npm run ops -- privacy-request …` with `--apply`; gives its exit code and what it printed. */
async function run(...subjects: string[]): Promise<{ code: number; printed: string }> {
  const printed: string[] = [];
  const print = (line: string) => void printed.push(line);
  const deployment = { call } as unknown as Deployment;
  const code = await privacyRequest.run({ deployment, subjects, apply: true, lift: false, print });
  return { code, printed: printed.join("\n") };
}

describe("npm run ops -- privacy-request", () => {
  it("[A14] keeps a request that came by mail from its record over its verification to its answer", async () => {
    const ada = await signedIn(backend);
    expect((await run()).printed).toBe("No request is open.");
    await run("record", "2026-17", "access", "2026-05-01");
    expect((await run()).printed).toBe("2026-17 access by mail: open, due 2026-05-29, not verified");
    await expect(run("answer", "2026-17", "fulfilled")).rejects.toThrow("verified");
    const { printed } = await run("verify", "2026-17", "account_mail", "user_ada");
    expect(printed).toContain("verified: the person answered from the address of the account");
    expect((await run("answer", "2026-17", "fulfilled")).printed).toContain("fulfilled");
    expect(await ada.query(api.privacy.requests, {})).toMatchObject([{ kind: "access", state: "fulfilled" }]);
  });

  it("[A14] exits with 1 while a request is overdue", async () => {
    await run("record", "1", "disclosure");
    expect((await run()).code).toBe(0);
    vi.setSystemTime(Date.now() + ANSWER_MS);
    expect(await run()).toMatchObject({ code: 1, printed: expect.stringContaining("OVERDUE") });
  });

  it.each([
    [["record", "1", "everything"], "one of access"],
    [["record", "1", "access", "yesterday"], "no day such as"],
    [["verify", "1", "by_eye"], "one of session"],
    [["answer", "1", "maybe"], "one of fulfilled"],
    [["forget"], "record, verify or answer"],
  ])("says what it takes when it is given %j", async (subjects, message) => {
    await expect(run(...subjects)).rejects.toThrow(message);
  });
});
