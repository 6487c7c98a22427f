import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

function ops(...args: string[]) {
  const { CONVEX_DEPLOY_KEY: _, CONVEX_SELF_HOSTED_ADMIN_KEY: __, CONVEX_SELF_HOSTED_URL: ___, ...env } = process.env;
  const node = ["--disable-warning=ExperimentalWarning", "scripts/ops.ts"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, ...args], { env, encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("npm run ops", () => {
  test("--help lists every command, and so does no command at all", () => {
    expect(ops("--help")).toMatchInlineSnapshot(`
      {
        "status": 0,
        "stderr": "",
        "stdout": "npm run ops -- <command> [--apply]

        retention-preview  how many chats go within a day and a week; --apply sweeps those that are due now
        erasure-status     the erasures under way and how far each is; --apply takes up those that have fallen silent
        receipts           the receipts of erased accounts after a number, verified by MAC and chain
        replay             finds what was deleted or decided since a restored backup was made; --apply does it again
        outbox             the files and orders that wait to be deleted in the bucket and at providers; --apply tries now
        orphans            files that no row names, and rows whose file is missing; --apply begins a pass over the bucket
        reconcile          compares all accounts with the identity provider; --apply begins the look that erases those who are gone
        rotate-keys        says which master keys are in use; --apply wraps everybody's key with the active one
        inbox              the webhooks of the last thirty days by what became of them; exits 1 while some are parked or none come
        webhook-replay     lists parked and refused webhooks; with an id and --apply, applies that one again
        hold               keeps what the law wants kept; alone it lists the holds there are
        privacy-request    lists open requests about data; alone, or with an action it shows what that takes
        import-export      verifies an archive of a person; --apply brings it into their account, which must be empty
        suspend            keeps a person from spending credits: they still sign in, read, export and erase
        usage-reconcile    recomputes every balance from its entries; --apply mends those that differ
        credits-refund     gives back, once, what a reply or a job was charged
        credits-adjust     gives a person credits that do not expire, or takes some: 500, =-500

        --help       after a command: what it takes
        --apply      does it; without it a command says what it would do
        --url URL    the deployment (CONVEX_SELF_HOSTED_URL, else http://127.0.0.1:3210)
        --data DIR   data folder of an embedded home, which holds its admin key (.noruxa)

      The admin key of another deployment is read from CONVEX_SELF_HOSTED_ADMIN_KEY or CONVEX_DEPLOY_KEY.
      ",
      }
    `);
    expect(ops().stdout).toBe(ops("--help").stdout);
  });

  test("--help after a command says what that takes, without asking a deployment", () => {
    const { status, stdout } = ops("hold", "--help");
    expect([status, stdout]).toEqual([0, expect.stringContaining("hold place user_2abc --matter 2026/17")]);
  });

  test("refuses a command and a flag there is not", () => {
    expect(ops("destroy")).toMatchObject({ status: 1, stderr: expect.stringContaining('no command "destroy"') });
    expect(ops("suspend", "--forever")).toMatchObject({ status: 1, stderr: expect.stringContaining("--forever") });
  });

  test("says where it looked for the admin key", () => {
    const data = mkdtempSync(path.join(os.tmpdir(), "noruxa-ops-"));
    onTestFinished(() => rmSync(data, { recursive: true }));
    const { status, stderr } = ops("usage-reconcile", "--data", data);
    expect([status, stderr]).toEqual([1, expect.stringContaining(path.join(data, "admin.key"))]);
  });
});
