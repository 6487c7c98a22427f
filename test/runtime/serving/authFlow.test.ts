import { ConvexClient } from "convex/browser";
import { generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RawSocket } from "./rawSocket.ts";
import { api, startIssuer, startRuntime, type TestIssuer, type TestRuntime, until } from "./support.ts";

let issuer: TestIssuer;
let runtime: TestRuntime;

beforeAll(async () => {
  issuer = await startIssuer();
  runtime = await startRuntime({ env: { TEST_ISSUER: issuer.url } });
});
afterAll(async () => {
  await runtime.close();
  await issuer.close();
});

function authenticate(baseVersion: number, value: string) {
  return { type: "Authenticate", baseVersion, tokenType: "User", value };
}

describe("over HTTP", () => {
  test("a token makes an identity, for that request only", async () => {
    const http = runtime.http(await issuer.token("ada"));
    expect(await http.query(api.values.whoami, {})).toBe(`${issuer.url}|ada`);
    expect(await runtime.http().query(api.values.whoami, {})).toBeNull();
  });

  test("a cached answer is never given to somebody else", async () => {
    const subjects = ["ada", "grace", "ada"];
    const answers = [];
    for (const subject of subjects)
      answers.push(await runtime.http(await issuer.token(subject)).query(api.values.whoami, {}));
    expect(answers).toEqual(subjects.map((subject) => `${issuer.url}|${subject}`));
  });

  test("an expired token is refused", async () => {
    const token = await issuer.token("ada", { nowMs: runtime.clock.nowMs() - 7_200_000 });
    await expect(runtime.http(token).query(api.values.whoami, {})).rejects.toThrow(/Could not verify the token/);
  });
});

describe("over a socket", () => {
  test("signing in and out moves every query of the client to the new identity", async () => {
    const client = runtime.client();
    const seen: (string | null)[] = [];
    client.onUpdate(api.values.whoami, {}, (who) => seen.push(who));
    await until(
      () => seen.length,
      (count) => count === 1,
    );
    const isAuthenticated = Promise.withResolvers<boolean>();
    client.setAuth(() => issuer.token("ada"), isAuthenticated.resolve);
    expect(await isAuthenticated.promise).toBe(true);
    await until(
      () => seen.at(-1),
      (who) => who === `${issuer.url}|ada`,
    );
    expect(seen[0]).toBeNull();
  });

  test("a token that is not accepted ends in a client that is not signed in, but works", async () => {
    const { privateKey } = await generateKeyPair("RS256");
    const client = new ConvexClient(runtime.apiUrl, { logger: false });
    const isAuthenticated = Promise.withResolvers<boolean>();
    client.setAuth(() => issuer.token("mallory", { key: privateKey }), isAuthenticated.resolve);
    expect(await isAuthenticated.promise).toBe(false);
    expect(await client.query(api.values.whoami, {})).toBeNull();
    await client.close();
  });

  test("authenticating bumps the identity version by one and runs every query again", async () => {
    const socket = await RawSocket.connect(runtime.apiUrl);
    socket.addQuery(0, "values:whoami", {});
    await socket.next("Transition");
    socket.send(authenticate(0, await issuer.token("ada")));
    expect(await socket.next("Transition")).toMatchObject({
      startVersion: { identity: 0 },
      endVersion: { identity: 1 },
      modifications: [{ value: `${issuer.url}|ada` }],
    });
    socket.send({ type: "Authenticate", baseVersion: 1, tokenType: "None" });
    expect((await socket.next("Transition")).modifications).toMatchObject([{ value: null }]);
    socket.close();
  });

  test("a token that expires while in use is an AuthError without an attempted update, at the next call", async () => {
    const socket = await RawSocket.connect(runtime.apiUrl);
    socket.send(authenticate(0, await issuer.token("ada", { nowMs: runtime.clock.nowMs(), expiresInSeconds: 60 })));
    await socket.next("Transition");
    runtime.clock.advance(61_000);
    socket.send({ type: "Mutation", requestId: 0, udfPath: "counters:increment", args: [{ name: "expired" }] });
    expect(await socket.next("AuthError")).toMatchObject({ authUpdateAttempted: false, baseVersion: 1 });
    await socket.closed;
    expect(await runtime.http().query(api.counters.get, { name: "expired" })).toBe(0);
  });
});
