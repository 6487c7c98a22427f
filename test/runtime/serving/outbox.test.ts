import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type Keepalive, Outbox } from "../../../src/runtime/convex/sync/outbox.ts";
import { INITIAL_VERSION } from "../../../src/runtime/convex/sync/protocol.ts";

let server: WebSocketServer;

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
});
afterEach(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

const PATIENT: Keepalive = { pingAfterMs: 60_000, dropAfterMs: 60_000, checkEveryMs: 20 };

async function open(keepalive: Keepalive, { autoPong = true } = {}) {
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { autoPong });
  const [[socket]] = (await Promise.all([once(server, "connection"), once(client, "open")])) as [[WebSocket], unknown];
  let drained = 0;
  const outbox = new Outbox(socket, { canChunk: true, keepalive, onDrained: () => (drained += 1) });
  return { client, outbox, drained: () => drained };
}

const transition = {
  type: "Transition" as const,
  startVersion: INITIAL_VERSION,
  endVersion: INITIAL_VERSION,
  modifications: [],
  clientClockSkew: null,
  serverTs: 0,
};

describe("keepalive", () => {
  test("a Ping goes out when nothing else does", async () => {
    const { client } = await open({ ...PATIENT, pingAfterMs: 40 });
    const [data] = await once(client, "message");
    expect(JSON.parse(String(data))).toEqual({ type: "Ping" });
  });

  test("a client that answers pings is kept", async () => {
    const { client } = await open({ ...PATIENT, dropAfterMs: 500 });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(client.readyState).toBe(WebSocket.OPEN);
  });

  test("a client that is silent for too long is dropped", async () => {
    const { client } = await open({ ...PATIENT, dropAfterMs: 100 }, { autoPong: false });
    const [code] = await once(client, "close");
    expect(code).toBe(1006);
  });
});

describe("back-pressure", () => {
  test("after two transitions that have not left, no third is taken until one has", async () => {
    const { outbox, drained } = await open(PATIENT);
    outbox.send(transition);
    expect(outbox.canTakeTransition).toBe(true);
    outbox.send(transition);
    expect(outbox.canTakeTransition).toBe(false);
    while (drained() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(outbox.canTakeTransition).toBe(true);
  });

  test("a client that does not read is dropped before it fills the memory", async () => {
    const { client, outbox } = await open(PATIENT);
    client.pause();
    const value = JSON.stringify("x".repeat(8 * 1024 * 1024));
    const response = { type: "ActionResponse" as const, success: true as const, requestId: 0, value, logLines: [] };
    for (let sent = 0; sent < 12; sent += 1) outbox.send(response);
    client.resume();
    const [code, reason] = await once(client, "close");
    expect([code, String(reason)]).toEqual([1013, "ClientTooSlow"]);
  });
});

test("closing sends what is queued first, and resolves when the client has closed", async () => {
  const { client, outbox } = await open(PATIENT);
  const messages: string[] = [];
  client.on("message", (data) => messages.push(String(data)));
  outbox.send({ type: "FatalError", error: "the end" });
  await outbox.close(1000, "Done");
  expect(messages.map((text) => JSON.parse(text))).toEqual([{ type: "FatalError", error: "the end" }]);
});
