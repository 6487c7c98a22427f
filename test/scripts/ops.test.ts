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

        usage-reconcile                               recomputes every balance from its entries; --apply mends those that differ
        webhook-replay [message id]                   lists parked and refused webhooks; with an id and --apply, applies that one again
        suspend <identity id> [--lift]                keeps a person from spending credits: they still sign in, read, export and erase
        credits-refund <reply:id | job:id>            gives back, once, what a reply or a job was charged
        credits-adjust <identity id> <credits>        gives a person credits that do not expire, or takes some: 500, =-500
        privacy-request [record | verify | answer] …  lists open requests about data; alone, or with an action it shows what that takes

        --apply      does it; without it a command says what it would do
        --url URL    the deployment (CONVEX_SELF_HOSTED_URL, else http://127.0.0.1:3210)
        --data DIR   data folder of an embedded home, which holds its admin key (.noruxa)

      The admin key of another deployment is read from CONVEX_SELF_HOSTED_ADMIN_KEY or CONVEX_DEPLOY_KEY.
      ",
      }
    `);
    expect(ops().stdout).toBe(ops("--help").stdout);
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
