import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { decodeU64 } from "../../../src/runtime/convex/sync/protocol.ts";
import { RawSocket } from "./rawSocket.ts";
import { ADMIN_KEY, api, startRuntime, type TestRuntime } from "./support.ts";

let runtime: TestRuntime;
const sockets: RawSocket[] = [];

beforeAll(async () => {
  runtime = await startRuntime();
});
afterEach(() => sockets.splice(0).forEach((socket) => socket.close()));
afterAll(() => runtime.close());

async function connect(sessionId?: string): Promise<RawSocket> {
  const socket = await RawSocket.connect(runtime.apiUrl, sessionId);
  sockets.push(socket);
  return socket;
}

function mutation(requestId: number, udfPath: string, args: object) {
  return { type: "Mutation", requestId, udfPath, args: [args] };
}

describe("query sets", () => {
  test("an added query is answered by a transition from version zero to the new version", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:list", { channel: "empty" });
    const transition = await socket.next("Transition");
    expect(transition).toMatchObject({
      startVersion: { querySet: 0, identity: 0, ts: "AAAAAAAAAAA=" },
      endVersion: { querySet: 1, identity: 0 },
      modifications: [{ type: "QueryUpdated", queryId: 0, value: [], logLines: [], journal: null }],
    });
    expect(transition.clientClockSkew).toEqual(expect.any(Number));
  });

  test("an empty query set is answered too", async () => {
    const socket = await connect();
    socket.send({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [] });
    expect(await socket.next("Transition")).toMatchObject({ endVersion: { querySet: 1 }, modifications: [] });
  });

  test("messages that arrive together are folded into one transition", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:list", { channel: "a" });
    socket.addQuery(1, "messages:list", { channel: "b" });
    const transition = await socket.next("Transition");
    expect(transition.endVersion.querySet).toBe(2);
    expect(transition.modifications).toHaveLength(2);
  });

  test("each transition starts where the last one ended", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:list", { channel: "chain" });
    let last = await socket.next("Transition");
    for (let requestId = 0; requestId < 5; requestId += 1) {
      socket.send(mutation(requestId, "messages:send", { channel: "chain", body: String(requestId) }));
      await socket.next("MutationResponse");
      const transition = await socket.next("Transition");
      expect(transition.startVersion).toEqual(last.endVersion);
      expect(decodeU64(transition.endVersion.ts) > decodeU64(last.endVersion.ts)).toBe(true);
      last = transition;
    }
  });

  test("a removed query is confirmed, and no longer followed", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:list", { channel: "removed" });
    await socket.next("Transition");
    const modifications = [{ type: "Remove", queryId: 0 }];
    socket.send({ type: "ModifyQuerySet", baseVersion: 1, newVersion: 2, modifications });
    expect((await socket.next("Transition")).modifications).toEqual([{ type: "QueryRemoved", queryId: 0 }]);
    socket.send(mutation(0, "messages:send", { channel: "removed", body: "unseen" }));
    expect((await socket.next("Transition")).modifications).toEqual([]);
  });

  test("a query that fails says why, without data unless it threw a ConvexError", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:fail", {});
    const [modification] = (await socket.next("Transition")).modifications;
    expect(modification).toMatchObject({ type: "QueryFailed", queryId: 0 });
    expect(modification.errorMessage).toMatch(/^\[Request ID: \w+\] Server Error\nUncaught Error: this query fails/);
    expect(modification).not.toHaveProperty("errorData");
  });

  test("a query that does not exist fails, and so does an internal one", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:nothing", {});
    socket.addQuery(1, "values:hidden", {});
    const { modifications } = await socket.next("Transition");
    expect(modifications.map(({ type }: { type: string }) => type)).toEqual(["QueryFailed", "QueryFailed"]);
    expect(modifications[1].errorMessage).toMatch(/Could not find public function/);
  });
});

describe("mutations", () => {
  test("the response comes before the transition that shows its effect, and is covered by it", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:list", { channel: "order" });
    await socket.next("Transition");
    socket.send(mutation(0, "messages:send", { channel: "order", body: "x" }));
    const response = await socket.next("MutationResponse");
    expect(response).toMatchObject({ success: true, requestId: 0, result: expect.any(String) });
    expect(response.logLines).toEqual([expect.stringContaining("sending")]);
    const transition = await socket.next("Transition");
    expect(transition.modifications).toMatchObject([{ type: "QueryUpdated", value: ["x"] }]);
    expect(decodeU64(transition.endVersion.ts) >= decodeU64(response.ts)).toBe(true);
  });

  test("many sent at once run one after another, in order", async () => {
    const socket = await connect();
    const bodies = Array.from({ length: 50 }, (_, index) => String(index));
    bodies.forEach((body, requestId) => socket.send(mutation(requestId, "messages:send", { channel: "many", body })));
    const responses = [];
    for (const _ of bodies) responses.push(await socket.next("MutationResponse"));
    expect(responses.map(({ requestId }) => requestId)).toEqual(bodies.map(Number));
    expect(await runtime.http().query(api.messages.list, { channel: "many" })).toEqual(bodies);
  });

  test("without writes they are covered by a transition as well", async () => {
    const socket = await connect();
    socket.send(mutation(0, "counters:nothing", {}));
    const response = await socket.next("MutationResponse");
    const transition = await socket.next("Transition");
    expect(decodeU64(transition.endVersion.ts) >= decodeU64(response.ts)).toBe(true);
  });

  test("that fail leave nothing behind and carry the ConvexError's data", async () => {
    const socket = await connect();
    socket.send(mutation(0, "messages:failWithData", {}));
    const response = await socket.next("MutationResponse");
    expect(response).toMatchObject({ success: false, errorData: { code: "no", big: { $integer: "AQAAAAAAAAA=" } } });
    expect(await runtime.http().query(api.messages.list, { channel: "failed" })).toEqual([]);
  });

  test("sent again on another connection of the session are answered, not run again", async () => {
    const sessionId = crypto.randomUUID();
    const first = await connect(sessionId);
    first.send(mutation(4, "counters:increment", { name: "once" }));
    const original = await first.next("MutationResponse");
    const second = await connect(sessionId);
    second.send(mutation(4, "counters:increment", { name: "once" }));
    const replay = await second.next("MutationResponse");
    expect(replay).toMatchObject({ success: true, result: original.result, logLines: original.logLines });
    const transition = await second.next("Transition");
    expect(decodeU64(transition.endVersion.ts) >= decodeU64(replay.ts)).toBe(true);
    expect(await runtime.http().query(api.counters.get, { name: "once" })).toBe(1);
  });

  test("of another session with the same number are requests of their own", async () => {
    for (const socket of [await connect(), await connect()]) {
      socket.send(mutation(0, "counters:increment", { name: "each" }));
      await socket.next("MutationResponse");
    }
    expect(await runtime.http().query(api.counters.get, { name: "each" })).toBe(2);
  });
});

describe("actions", () => {
  /** Longer than the test takes. */
  const WAITING = { channel: "waiting", waitMs: 30_000 };
  const action = (requestId: number, udfPath: string, args: object) => ({
    ...mutation(requestId, udfPath, args),
    type: "Action",
  });

  test("are answered without a timestamp, and followed by a transition", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:list", { channel: "acted" });
    await socket.next("Transition");
    socket.send(action(0, "actions:sendTwice", { channel: "acted" }));
    const response = await socket.next("ActionResponse");
    expect(response).toMatchObject({ success: true, requestId: 0, result: ["first", "second"] });
    expect(response).not.toHaveProperty("ts");
    let values: string[] = [];
    while (values.length < 2) values = (await socket.next("Transition")).modifications[0]?.value ?? values;
    expect(values).toEqual(["first", "second"]);
  });

  test("run side by side: a quick one overtakes a slow one", async () => {
    const socket = await connect();
    socket.send(action(0, "actions:sendAfter", { channel: "overtaken", body: "slow", waitMs: 2_000 }));
    socket.send(action(1, "actions:sendTwice", { channel: "overtaking" }));
    expect((await socket.next("ActionResponse")).requestId).toBe(1);
    expect((await socket.next("ActionResponse")).requestId).toBe(0);
  });

  test("may be 1,000 that a socket waits for, and not one more", async () => {
    const busy = await startRuntime();
    onTestFinished(() => busy.close());
    const socket = await RawSocket.connect(busy.apiUrl);
    const slow = (requestId: number) => action(requestId, "actions:sendAfter", { ...WAITING, body: String(requestId) });
    for (let requestId = 0; requestId < 1_000; requestId += 1) socket.send(slow(requestId));
    socket.addQuery(0, "messages:list", { channel: "waiting" });
    await socket.next("Transition");
    socket.send(slow(1_000));
    expect(await socket.closed).toEqual({ code: 1013, reason: "TooManyInflightActionsForSingleClient" });
  });

  test("that fail carry the ConvexError's data", async () => {
    const socket = await connect();
    socket.send(action(0, "actions:fail", {}));
    expect(await socket.next("ActionResponse")).toMatchObject({ success: false, requestId: 0, errorData: "no" });
  });
});

test("an event is taken without an answer", async () => {
  const socket = await connect();
  socket.send({ type: "Event", eventType: "ClientConnect", event: { anything: [1] } });
  socket.send({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [] });
  await socket.next("Transition");
  expect(socket.received).toEqual([]);
});

test("nobody is an identity too: leaving bumps its version", async () => {
  const socket = await connect();
  socket.send({ type: "Authenticate", baseVersion: 0, tokenType: "None" });
  expect((await socket.next("Transition")).endVersion).toMatchObject({ querySet: 0, identity: 1 });
});

describe("pushing", () => {
  test("a commit that touches nothing a client follows sends it nothing", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:list", { channel: "quiet" });
    await socket.next("Transition");
    await runtime.http().mutation(api.messages.send, { channel: "elsewhere", body: "x" });
    await runtime.http().mutation(api.messages.send, { channel: "quiet", body: "y" });
    const transition = await socket.next("Transition");
    expect(transition.modifications).toMatchObject([{ value: ["y"] }]);
    expect(socket.received).toEqual([]);
  });

  test("a commit that touches nothing a client follows runs none of its queries again", async () => {
    const socket = await connect();
    socket.addQuery(0, "messages:list", { channel: "followed" });
    await socket.next("Transition");
    await runtime.metrics({ reset: true });
    for (const body of ["x", "y", "z"]) await runtime.http().mutation(api.messages.send, { channel: "other", body });
    const { reruns, functions } = await runtime.metrics();
    expect({ reruns, listed: functions["messages:list"]?.calls ?? 0 }).toEqual({ reruns: 0, listed: 0 });
  });

  test("a re-run with the same result sends no value again", async () => {
    await runtime.http().mutation(api.messages.send, { channel: "same", body: "1" });
    const socket = await connect();
    socket.addQuery(0, "messages:exist", { channel: "same" });
    await socket.next("Transition");
    await runtime.http().mutation(api.messages.send, { channel: "same", body: "2" });
    expect((await socket.next("Transition")).modifications).toEqual([]);
  });
});

describe("trouble", () => {
  test.each([
    ["text that is not JSON", "{", /Received Invalid JSON/],
    ["an unknown message", { type: "Surprise" }, /Received Invalid JSON/],
    [
      "a query set based on another version",
      { type: "ModifyQuerySet", baseVersion: 3, newVersion: 4, modifications: [] },
      /BaseVersionMismatch: Base version 3 passed up doesn't match the current version 0/,
    ],
    [
      "a query set version that does not rise",
      { type: "ModifyQuerySet", baseVersion: 0, newVersion: 0, modifications: [] },
      /greater/,
    ],
    [
      "an identity based on another version",
      { type: "Authenticate", baseVersion: 1, tokenType: "None" },
      /BaseVersionMismatch/,
    ],
    [
      "removing a query that is not there",
      { type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [{ type: "Remove", queryId: 9 }] },
      /Nonexistent query id: 9/,
    ],
    [
      "a component, asked for by somebody who is no admin",
      { type: "Mutation", requestId: 0, udfPath: "a:b", args: [{}], componentPath: "limiter" },
      /Only an admin/,
    ],
  ])("%s ends the connection with a FatalError", async (_what, message, reason) => {
    const socket = await connect();
    socket.send(message);
    expect((await socket.next("FatalError")).error).toMatch(reason);
    expect((await socket.closed).code).toBe(1000);
  });

  test("a message before Connect, and a binary one, end the connection with a FatalError", async () => {
    const early = await RawSocket.open(runtime.apiUrl);
    early.send({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [] });
    expect((await early.next("FatalError")).error).toMatch(/first message must be Connect/);
    const binary = await connect();
    binary.sendBytes(new Uint8Array([1]));
    expect((await binary.next("FatalError")).error).toMatch(/Binary/);
  });

  test("a token that is not accepted is an AuthError that says an update was tried", async () => {
    const socket = await connect();
    socket.send({ type: "Authenticate", baseVersion: 0, tokenType: "User", value: "garbage" });
    expect(await socket.next("AuthError")).toMatchObject({ authUpdateAttempted: true, baseVersion: 0 });
    await socket.closed;
  });

  test("a client that saw a later timestamp than ours is served", async () => {
    const socket = await RawSocket.open(runtime.apiUrl);
    sockets.push(socket);
    const sessionId = crypto.randomUUID();
    socket.send({
      type: "Connect",
      sessionId,
      connectionCount: 1,
      lastCloseReason: null,
      maxObservedTimestamp: "/////////38=",
    });
    socket.addQuery(0, "messages:list", { channel: "future" });
    expect((await socket.next("Transition")).modifications).toHaveLength(1);
  });

  test("an address that is no sync endpoint is refused", async () => {
    await expect(RawSocket.open(`${runtime.apiUrl}/elsewhere`)).rejects.toThrow(/404/);
  });
});

describe("admin", () => {
  test("the admin key makes internal functions visible", async () => {
    const socket = await connect();
    socket.send({ type: "Authenticate", baseVersion: 0, tokenType: "Admin", value: ADMIN_KEY });
    socket.addQuery(0, "values:hidden", {});
    const transition = await socket.next("Transition");
    expect(transition).toMatchObject({ endVersion: { identity: 1 }, modifications: [{ value: "hidden" }] });
  });

  test("an admin may act as somebody", async () => {
    const socket = await connect();
    const impersonating = { issuer: "https://a.test", subject: "ada" };
    socket.send({ type: "Authenticate", baseVersion: 0, tokenType: "Admin", value: ADMIN_KEY, impersonating });
    socket.addQuery(0, "values:whoami", {});
    expect((await socket.next("Transition")).modifications).toMatchObject([{ value: "https://a.test|ada" }]);
  });

  test("a wrong admin key is an AuthError", async () => {
    const socket = await connect();
    socket.send({ type: "Authenticate", baseVersion: 0, tokenType: "Admin", value: "test|00" });
    expect(await socket.next("AuthError")).toMatchObject({ authUpdateAttempted: true });
  });
});

describe("large results", () => {
  test("come in chunks to clients that put them together", async () => {
    const socket = await connect();
    socket.addQuery(0, "values:echo", { value: "" });
    await socket.next("Transition");
    const chars = 3_000_000;
    socket.addQuery(1, "messages:big", { chars });
    const first = await socket.next("TransitionChunk");
    const chunks = [first];
    while (chunks.length < first.totalParts) chunks.push(await socket.next("TransitionChunk"));
    const transition = JSON.parse(chunks.map(({ chunk }) => chunk).join(""));
    expect(transition.modifications[0].value).toHaveLength(chars);
  });

  test("come whole to clients that cannot", async () => {
    const socket = await RawSocket.open(runtime.apiUrl, { version: "1.20.0" });
    sockets.push(socket);
    const sessionId = crypto.randomUUID();
    socket.send({ type: "Connect", sessionId, connectionCount: 0, lastCloseReason: null });
    socket.addQuery(0, "messages:big", { chars: 3_000_000 });
    expect((await socket.next("Transition")).modifications[0].value).toHaveLength(3_000_000);
  });
});
