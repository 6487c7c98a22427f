import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { HOME, HOME_FLAGS } from "../../../scripts/flags.mjs";
import { readConfig } from "../../../src/runtime/config.ts";
import { startHome as start } from "../../../src/runtime/home.ts";
import { type Home, startHome as startChild } from "../../support/home.ts";

const PROJECT = path.resolve(import.meta.dirname, "../../..");

async function tempFolder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "noruxa-home-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs `npm start`'s program until it ends. */
async function runToEnd(args: string[], env: Record<string, string> = {}) {
  const program = [...HOME_FLAGS, HOME, ...args];
  const child = spawn(process.execPath, program, { cwd: PROJECT, env: { ...process.env, ...env } });
  let printed = "";
  let complained = "";
  child.stdout.on("data", (text) => (printed += text));
  child.stderr.on("data", (text) => (complained += text));
  const [code] = await once(child, "close");
  return { code, printed, lines: complained.trim().split("\n") };
}

async function token(identityUrl: string): Promise<string> {
  const response = await fetch(`${identityUrl}/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "ada@example.com" }),
  });
  return (await response.json()).token;
}

describe("one home, through its lives", () => {
  let home: Home;
  beforeAll(async () => {
    home = await startChild();
  });
  afterAll(() => home.dispose());

  test("it says where it is and answers on each of its ports", async () => {
    expect(home.printed()).toContain(`Noruxa is ready: ${home.urls.web}`);
    const config = await (await fetch(`${home.urls.web}/config.json`)).json();
    const { api, site, identity, models } = home.urls;
    expect(config).toMatchObject({ convexUrl: api, convexSiteUrl: site, identityUrl: identity });
    for (const url of [identity, models]) expect((await fetch(url)).status).toBe(200);
  });

  test("a second start on the same folder is refused in one sentence, and the first goes on", async () => {
    const second = await runToEnd(["--port-base", "0", "--data", home.dataDir]);
    const sentence = expect.stringContaining(`Another Noruxa is running on ${home.dataDir}`);
    expect(second).toMatchObject({ code: 1, lines: [sentence] });
    expect((await fetch(home.urls.web)).status).toBe(200);
  });

  test("killed, it starts again knowing the same people, with its clock where it was moved", async () => {
    const moved = await fetch(`${home.urls.api}/_runtime/clock`, {
      method: "POST",
      headers: { authorization: `Convex ${home.adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ advanceMs: 24 * 3600 * 1000 }),
    });
    expect(moved.status).toBe(200);
    const before = decodeJwt(await token(home.urls.identity));
    await home.kill();
    await home.restart();
    const after = decodeJwt(await token(home.urls.identity));
    expect(after.sub).toBe(before.sub);
    expect(after.iat!).toBeGreaterThanOrEqual(before.iat!);
  });

  test("it stops cleanly on SIGTERM", async () => {
    expect(await home.stop()).toBe(0);
  });

  test("without its master keys, or with malformed ones, it refuses to start and names the variable", async () => {
    const file = path.join(home.dataDir, "secrets.env");
    const kept = await readFile(file, "utf8");
    const refusal = async (text: string | null, env = {}) => {
      await (text === null ? unlink(file) : writeFile(file, text));
      return runToEnd(["--port-base", "0", "--data", home.dataDir], env);
    };
    const naming = (part: string) => ({ code: 1, lines: [expect.stringContaining(part)] });
    expect(await refusal(null)).toMatchObject(naming("CRYPTO_KEYRING is missing"));
    const otherKid = kept.replace("CRYPTO_ACTIVE_KID='k1'", "CRYPTO_ACTIVE_KID='k2'");
    expect(await refusal(otherKid)).toMatchObject(naming("CRYPTO_ACTIVE_KID"));
    expect(await refusal(kept, { CRYPTO_KEYRING: "{}" })).toMatchObject(naming("CRYPTO_ENV_ID"));
    await home.restart();
  });
});

test("a taken port is named in one sentence", async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void squatter.close());
  const { port } = squatter.address() as AddressInfo;
  const { code, lines } = await runToEnd(["--port-base", String(Math.min(port, 65_321)), "--data", await tempFolder()]);
  // Ports past 65321 leave no room for the others, which is refused as clearly.
  expect([code, lines.length]).toEqual([1, 1]);
  expect(lines[0]).toContain(port <= 65_321 ? `Port ${port} (web) is taken` : "--port-base");
});

test("an address that is not this machine's is named in one sentence", async () => {
  const refused = await runToEnd(["--port-base", "0", "--data", await tempFolder()], { HOST: "192.0.2.1" });
  expect(refused).toMatchObject({ code: 1, lines: [expect.stringContaining("HOST is 192.0.2.1")] });
});

test("help is text and success", async () => {
  expect(await runToEnd(["--help"])).toMatchObject({ code: 0, printed: expect.stringContaining("--port-base") });
});

test("a home can run inside a process on ports of the system's choosing, and leaves nothing open", async () => {
  const dataDir = await tempFolder();
  const config = readConfig(["--port-base", "0", "--data", dataDir], {}, PROJECT)!;
  const lines: string[] = [];
  const options = { ...config, projectDir: PROJECT, watch: false, log: (line: string) => lines.push(line) };
  const home = await start(options);
  await expect(start(options)).rejects.toThrow("Another Noruxa is running");
  expect((await fetch(home.webUrl)).status).toBe(200);
  await home.close();
  await expect(fetch(home.webUrl)).rejects.toThrow("fetch failed");
  const again = await start(options);
  await again.close();
});
