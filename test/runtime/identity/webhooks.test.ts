import { verifyWebhook } from "@clerk/backend/webhooks";
import { Webhook } from "svix";
import { expect, test, vi } from "vitest";
import { MovableClock } from "../../../src/runtime/clock.ts";
import { afterAttempt, type Message } from "../../../src/runtime/identity/webhooks.ts";
import {
  control,
  type Received,
  startTestIdentity,
  startWebhookEndpoint,
  tempFolder,
  WEBHOOK_SECRET,
} from "./support.ts";

const types = (received: Received[]) => received.map(({ text }) => JSON.parse(text).type);
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });

test("creation, change and deletion of a person are told, signed as Svix signs", async () => {
  const { identity, clerk } = await startTestIdentity();
  const endpoint = await startWebhookEndpoint();
  identity.deliverWebhooksTo(endpoint.url);
  const { id } = await clerk.users.createUser({ emailAddress: ["ada@example.com"] });
  await clerk.users.updateUser(id, { firstName: "Ada" });
  await clerk.users.deleteUser(id);
  await until(() => expect(types(endpoint.received).sort()).toEqual(["user.created", "user.deleted", "user.updated"]));

  for (const { headers, text } of endpoint.received) {
    expect(() => new Webhook(WEBHOOK_SECRET).verify(text, headers as Record<string, string>)).not.toThrow();
    expect(() => new Webhook(WEBHOOK_SECRET).verify(`${text} `, headers as Record<string, string>)).toThrow(
      "signature",
    );
  }
  const deleted = endpoint.received.find(({ text }) => text.includes("user.deleted"))!;
  expect(JSON.parse(deleted.text).data).toEqual({ object: "user", id, external_id: null, deleted: true });
});

test("Clerk's own verifier accepts a message and refuses it under another secret", async () => {
  const { identity, clerk } = await startTestIdentity();
  const endpoint = await startWebhookEndpoint();
  identity.deliverWebhooksTo(endpoint.url);
  const { id } = await clerk.users.createUser({ emailAddress: ["ada@example.com"] });
  await until(() => expect(endpoint.received).toHaveLength(1));
  const { headers, text } = endpoint.received[0]!;
  const request = () =>
    new Request(endpoint.url, { method: "POST", body: text, headers: headers as Record<string, string> });
  const event = await verifyWebhook(request(), { signingSecret: WEBHOOK_SECRET });
  expect(event).toMatchObject({ type: "user.created", data: { id } });
  const other = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  await expect(verifyWebhook(request(), { signingSecret: other })).rejects.toThrow("signature");
});

test("a change that was refused is told to nobody", async () => {
  const { identity, clerk } = await startTestIdentity();
  const endpoint = await startWebhookEndpoint();
  identity.deliverWebhooksTo(endpoint.url);
  await clerk.users.createUser({ emailAddress: ["ada@example.com"] });
  await expect(clerk.users.createUser({ emailAddress: ["ada@example.com"] })).rejects.toMatchObject({ status: 422 });
  const bob = await clerk.users.createUser({ emailAddress: ["bob@example.com"] });
  await until(() => expect(endpoint.received.map(({ text }) => JSON.parse(text).data.id)).toContain(bob.id));
  expect((await control(identity, {})).body.webhooks.messages).toHaveLength(2);
});

test("a failed delivery is tried again on Svix's timetable, under the same id", async () => {
  let status = 500;
  const { identity, clerk, clock } = await startTestIdentity();
  const endpoint = await startWebhookEndpoint(() => status);
  identity.deliverWebhooksTo(endpoint.url);
  await clerk.users.createUser({ emailAddress: ["ada@example.com"] });
  const attempts = async () => (await control(identity, {})).body.webhooks.messages[0].attempts;
  await vi.waitFor(async () => expect(await attempts()).toBe(1));
  status = 302;
  clock.advance(5000);
  await vi.waitFor(async () => expect(await attempts()).toBe(2));
  status = 200;
  clock.advance(5 * 60_000);
  await vi.waitFor(async () => expect(await attempts()).toBe(3));
  expect(new Set(endpoint.received.map(({ headers }) => headers["svix-id"])).size).toBe(1);
  expect((await control(identity, {})).body.webhooks.messages[0].state).toBe("delivered");
});

test("the waits between attempts are those of Svix, then the message has failed", () => {
  let message = { state: "pending", attempts: 0, nextAttemptAtMs: 0 } as Message;
  const waitsS: number[] = [];
  for (let nowMs = 0; message.state === "pending"; nowMs = message.nextAttemptAtMs) {
    message = afterAttempt(message, false, nowMs);
    if (message.state === "pending") waitsS.push((message.nextAttemptAtMs - nowMs) / 1000);
  }
  expect(waitsS).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 36_000]);
  expect([message.state, message.attempts]).toEqual(["failed", 8]);
});

test("what is not delivered yet goes out after a restart", async () => {
  const dir = await tempFolder();
  const clock = new MovableClock();
  const first = await startTestIdentity({ dir, clock });
  first.identity.deliverWebhooksTo("http://127.0.0.1:9/nobody");
  await first.clerk.users.createUser({ emailAddress: ["ada@example.com"] });
  await vi.waitFor(async () => expect((await control(first.identity, {})).body.webhooks.messages[0].attempts).toBe(1));
  await first.identity.close();

  const second = await startTestIdentity({ dir, clock });
  const endpoint = await startWebhookEndpoint();
  second.identity.deliverWebhooksTo(endpoint.url);
  expect(endpoint.received).toEqual([]);
  clock.advance(5000);
  await until(() => expect(types(endpoint.received)).toEqual(["user.created"]));
});

test("the next N messages are dropped on request, and a replay brings them back under their ids", async () => {
  const { identity, clerk } = await startTestIdentity();
  const endpoint = await startWebhookEndpoint();
  identity.deliverWebhooksTo(endpoint.url);
  await control(identity, { dropWebhooks: 1 });
  const ann = await clerk.users.createUser({ emailAddress: ["ann@example.com"] });
  const bob = await clerk.users.createUser({ emailAddress: ["bob@example.com"] });
  const told = () => endpoint.received.map(({ text }) => JSON.parse(text).data.id);
  await until(() => expect(told()).toEqual([bob.id]));
  const { messages } = (await control(identity, {})).body.webhooks;
  expect(messages.map(({ state }: Message) => state)).toEqual(["dropped", "delivered"]);

  await control(identity, { replayWebhooks: messages[0].id });
  await until(() => expect(told()).toEqual([bob.id, ann.id]));
  await control(identity, { replayWebhooks: "all" });
  await until(() => expect(told()).toHaveLength(4));
  expect(new Set(endpoint.received.map(({ headers }) => headers["svix-id"])).size).toBe(2);
  expect((await control(identity, { replayWebhooks: "msg_none" })).status).toBe(404);
});

test("delivery is held back by the shared clock on request", async () => {
  const { identity, clerk, clock } = await startTestIdentity();
  const endpoint = await startWebhookEndpoint();
  identity.deliverWebhooksTo(endpoint.url);
  await control(identity, { delayWebhooksMs: 3_600_000 });
  await clerk.users.createUser({ emailAddress: ["ada@example.com"] });
  expect(endpoint.received).toEqual([]);
  clock.advance(3_600_000);
  await until(() => expect(endpoint.received).toHaveLength(1));
});

test("the API fails and recovers on request, and control needs the admin key", async () => {
  const { identity, clerk, post } = await startTestIdentity();
  await control(identity, { failNext: 1, failStatus: 503 });
  await expect(clerk.users.getCount()).rejects.toMatchObject({ status: 503 });
  expect(await clerk.users.getCount()).toBe(0);
  await control(identity, { failNext: 5 });
  await control(identity, { reset: true });
  expect(await clerk.users.getCount()).toBe(0);
  expect((await post("/_control", { failNext: 1 })).status).toBe(401);
  expect((await post("/_control", { failNext: 1 }, { authorization: "Bearer wrong" })).status).toBe(401);
  expect((await control(identity, { failNext: -1 })).status).toBe(422);
});
