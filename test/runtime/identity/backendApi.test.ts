import { createClerkClient } from "@clerk/backend";
import { isClerkAPIResponseError } from "@clerk/backend/errors";
import { expect, test } from "vitest";
import { startTestIdentity } from "./support.ts";

test("users are created, read, changed and deleted through Clerk's own client", async () => {
  const { clerk } = await startTestIdentity();
  const made = await clerk.users.createUser({
    emailAddress: ["ada@example.com"],
    firstName: "Ada",
    externalId: "a1",
    publicMetadata: { plan: "free" },
    createdAt: new Date("2020-02-02T00:00:00Z"),
  });
  expect(made.id).toMatch(/^user_[0-9A-Za-z]{27}$/);
  expect(made.createdAt).toBe(Date.parse("2020-02-02T00:00:00Z"));
  expect(made.primaryEmailAddress?.emailAddress).toBe("ada@example.com");

  const changed = await clerk.users.updateUser(made.id, { lastName: "Lovelace" });
  expect([changed.fullName, changed.publicMetadata]).toEqual(["Ada Lovelace", { plan: "free" }]);
  expect((await clerk.users.getUser(made.id)).lastName).toBe("Lovelace");

  const deleted = await clerk.users.deleteUser(made.id);
  expect(deleted).toMatchObject({ id: made.id, deleted: true });
  await expect(clerk.users.getUser(made.id)).rejects.toSatisfy(isClerkAPIResponseError);
});

test("metadata merges deeply on PATCH, and null removes; PUT replaces", async () => {
  const { clerk } = await startTestIdentity();
  const { id } = await clerk.users.createUser({
    emailAddress: ["ada@example.com"],
    publicMetadata: { a: { x: 1, y: 2 }, b: 1 },
  });
  const merged = await clerk.users.updateUserMetadata(id, { publicMetadata: { a: { x: null, z: 3 } } });
  expect(merged.publicMetadata).toEqual({ a: { y: 2, z: 3 }, b: 1 });
  const replaced = await clerk.users.replaceUserMetadata(id, { publicMetadata: { c: 1 } });
  expect(replaced.publicMetadata).toEqual({ c: 1 });
});

test("lists come newest first, filtered, counted and in pages", async () => {
  const { clerk } = await startTestIdentity();
  for (const name of ["ann", "bob", "cid"])
    await clerk.users.createUser({ emailAddress: [`${name}@example.com`], externalId: name });
  const emails = async (params: Parameters<typeof clerk.users.getUserList>[0]) => {
    const { data, totalCount } = await clerk.users.getUserList(params);
    return [data.map((user) => user.primaryEmailAddress?.emailAddress.split("@")[0]), totalCount];
  };
  expect(await emails({})).toEqual([["cid", "bob", "ann"], 3]);
  expect(await emails({ limit: 2 })).toEqual([["cid", "bob"], 3]);
  expect(await emails({ limit: 2, offset: 2 })).toEqual([["ann"], 3]);
  expect(await emails({ emailAddress: ["BOB@example.com", "x@example.com"] })).toEqual([["bob"], 1]);
  expect(await emails({ externalId: ["ann"] })).toEqual([["ann"], 1]);
  expect(await emails({ query: "CI" })).toEqual([["cid"], 1]);
});

test.each([
  ["a person that does not exist", (clerk: Clerk) => clerk.users.getUser("user_none"), 404, "resource_not_found"],
  ["deleting that person", (clerk: Clerk) => clerk.users.deleteUser("user_none"), 404, "resource_not_found"],
  [
    "a session that does not exist",
    (clerk: Clerk) => clerk.sessions.getSession("sess_none"),
    404,
    "resource_not_found",
  ],
  [
    "an address that is taken",
    (clerk: Clerk) => clerk.users.createUser({ emailAddress: ["ADA@example.com"] }),
    422,
    "form_identifier_exists",
  ],
  [
    "an address that is none",
    (clerk: Clerk) => clerk.users.createUser({ emailAddress: ["ada"] }),
    422,
    "form_param_format_invalid",
  ],
  [
    "a password",
    (clerk: Clerk) => clerk.users.createUser({ emailAddress: ["b@example.com"], password: "x" }),
    422,
    "form_param_unknown",
  ],
])("%s is answered as Clerk answers", async (_what, call, status, code) => {
  const { clerk } = await startTestIdentity();
  await clerk.users.createUser({ emailAddress: ["ada@example.com"] });
  await expect(call(clerk)).rejects.toMatchObject({ status, errors: [{ code }] });
});

test("without the secret key nothing is answered", async () => {
  const { identity } = await startTestIdentity();
  const stranger = createClerkClient({
    secretKey: "sk_test_wrong",
    apiUrl: identity.url,
    telemetry: { disabled: true },
  });
  await expect(stranger.users.getUserList()).rejects.toMatchObject({ status: 401 });
  expect((await fetch(`${identity.url}/v1/users`)).status).toBe(401);
  expect((await fetch(`${identity.url}/v1/jwks`)).status).toBe(401);
});

test("a locked person cannot sign in until unlocked; a banned one loses the sessions there are", async () => {
  const { clerk, post } = await startTestIdentity();
  const who = { email: "ada@example.com" };
  const { session, userId } = (await post("/dev/sign-in", who)).body;
  expect((await clerk.users.lockUser(userId)).locked).toBe(true);
  expect((await post("/dev/sign-in", who)).body.errors[0].code).toBe("user_locked");
  expect((await post("/dev/sessions/token", { session })).status).toBe(200);
  await clerk.users.unlockUser(userId);

  expect((await clerk.users.banUser(userId)).banned).toBe(true);
  expect((await post("/dev/sessions/token", { session })).status).toBe(401);
  expect((await post("/dev/sign-in", who)).body.errors[0].code).toBe("user_banned");
  await clerk.users.unbanUser(userId);
  expect((await post("/dev/sign-in", who)).status).toBe(200);
});

test("sessions are listed, made and revoked", async () => {
  const { clerk, post } = await startTestIdentity();
  const { session, sessionId, userId } = (await post("/dev/sign-in", { email: "ada@example.com" })).body;
  const made = await clerk.sessions.createSession({ userId });
  expect((await clerk.sessions.getSessionList({ userId })).data.map(({ id }) => id)).toEqual([made.id, sessionId]);
  expect((await clerk.sessions.revokeSession(sessionId)).status).toBe("revoked");
  expect((await post("/dev/sessions/token", { session })).status).toBe(401);
  const active = await clerk.sessions.getSessionList({ userId, status: "active" });
  expect([active.data.map(({ id }) => id), active.totalCount]).toEqual([[made.id], 1]);
});

test("a session ends with the person", async () => {
  const { clerk, post } = await startTestIdentity();
  const { session, userId } = (await post("/dev/sign-in", { email: "ada@example.com" })).body;
  await clerk.users.deleteUser(userId);
  expect((await post("/dev/sessions/token", { session })).status).toBe(401);
});

type Clerk = ReturnType<typeof createClerkClient>;

test("people can be known by their addresses before they first sign in, and keep their ids", async () => {
  const { identity, clerk } = await startTestIdentity();
  const [id] = identity.idsOf(["me@example.com"]);
  const { data } = await clerk.users.getUserList({ emailAddress: ["me@example.com"] });
  expect(data.map((user) => user.id)).toEqual([id]);
  expect(identity.idsOf(["me@example.com", "you@example.com"])).toEqual([id, expect.stringMatching(/^user_/)]);
});
