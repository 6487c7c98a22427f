import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { ANSWER_MS, CONFIRM_MS, CONSENTS, REMIND_MS, REQUEST_MS } from "../../src/policy/rights.ts";
import {
  type Backend,
  type Person,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { say } from "../support/chats.ts";
import { eventJson, itemJson, payerJson, signed, WEBHOOK_SECRET } from "../support/clerkEvents.ts";

const HOUR_MS = 60 * 60 * 1000;
const NOW_MS = Date.UTC(2026, 4, 1);

useBackendEnvironment();

let backend: Backend;
let ada: Person;
let bob: Person;

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW_MS });
  backend = startBackend();
  ada = await signedIn(backend);
  bob = await signedIn(backend, "Bob");
});

const consents = () => backend.run(({ db }) => db.query("consents").collect());
const openRequests = () => backend.query(internal.privacy.register.listOpen, {});

describe("restriction", () => {
  it("[A12] lets a restricted account read and write nothing, until it is lifted", async () => {
    const { threadId } = await say(ada, "Before");
    await ada.mutation(api.privacy.setRestriction, { restricted: true });
    expect((await ada.query(api.account.me, {}))?.state).toBe("restricted");
    expect(await refusalOf(say(ada, "During"))).toBe("restricted");
    expect(await refusalOf(ada.mutation(api.threads.rename, { threadId, title: "New" }))).toBe("restricted");
    expect(await refusalOf(ada.mutation(api.threads.remove, { threadId }))).toBe("restricted");
    expect((await ada.query(api.threads.get, { threadId })).title).toBe("Before");
    await ada.mutation(api.privacy.setRestriction, { restricted: false });
    await say(ada, "After");
    expect((await bob.query(api.account.me, {}))?.state).toBe("live");
  });

  it("changes nothing about an account that is being closed", async () => {
    await backend.run(async ({ db }) => {
      const user = (await db.query("users").collect()).find(({ name }) => name === "Ada");
      if (user) await db.patch("users", user._id, { state: "closing" });
    });
    for (const restricted of [true, false]) {
      expect(await refusalOf(ada.mutation(api.privacy.setRestriction, { restricted }))).toBe("closing");
    }
  });

  it("leaves every other right to a restricted person", async () => {
    await ada.mutation(api.privacy.setRestriction, { restricted: true });
    await ada.mutation(api.privacy.setObjection, { purpose: "webhooks", objected: true });
    await ada.mutation(api.privacy.setConsent, { purpose: "news", given: false, textVersion: 1 });
    expect(await ada.mutation(api.privacy.request, { kind: "access" })).toMatchObject({ state: "open" });
  });
});

describe("objection", () => {
  const objecting = { purpose: "webhooks", objected: true } as const;
  const told = () => backend.run(({ db }) => db.query("webhookInbox").collect());

  beforeEach(() => vi.stubEnv("CLERK_WEBHOOK_SECRET", WEBHOOK_SECRET));

  async function tell(identityId: string, id: string, type = "subscriptionItem.active"): Promise<void> {
    const item = itemJson({ id, slug: "plus", startAt: Date.now(), endAt: Date.now() + 24 * HOUR_MS });
    const event = eventJson(type, { ...item, payer: payerJson(identityId) }, Date.now());
    expect((await backend.fetch("/webhooks/clerk", signed(event, { id }))).status).toBe(200);
  }

  it("[A12] takes a person out of the records of webhooks, past and to come, and leaves what they brought", async () => {
    await tell("user_ada", "msg_before");
    await tell("user_bob", "msg_bob");
    await ada.mutation(api.privacy.setObjection, objecting);
    await tell("user_ada", "msg_after");
    const rows = new Map((await told()).map((row) => [row.messageId, row]));
    for (const messageId of ["msg_before", "msg_after"]) {
      expect(rows.get(messageId)).toMatchObject({ state: "applied", fields: "{}" });
      expect(rows.get(messageId)?.identityId).toBeUndefined();
    }
    expect(rows.get("msg_bob")).toMatchObject({ identityId: "user_bob", fields: expect.stringContaining("user_bob") });
    expect((await ada.query(api.account.me, {}))?.plan).toBe("plus");
  });

  it("[A12] holds of however many messages there are", async () => {
    await tell("user_ada", "msg_0");
    await backend.run(async ({ db }) => {
      const [first] = await db.query("webhookInbox").collect();
      if (!first) throw new Error("Nothing was told");
      const { _id, _creationTime, ...row } = first;
      for (let at = 1; at <= 1_200; at++) await db.insert("webhookInbox", { ...row, messageId: `msg_${at}` });
    });
    await ada.mutation(api.privacy.setObjection, objecting);
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    expect((await told()).filter(({ identityId, fields }) => identityId || fields !== "{}")).toEqual([]);
  });

  it("ends when it is taken back, and is one however often it is made", async () => {
    for (const objected of [true, true, false])
      await ada.mutation(api.privacy.setObjection, { ...objecting, objected });
    await tell("user_ada", "msg_1");
    expect(await told()).toMatchObject([{ identityId: "user_ada" }]);
  });
});

describe("consent", () => {
  const news = { purpose: "news", textVersion: CONSENTS.news.version } as const;

  it("[A8] is entered with purpose, version of the text and time, and so is its withdrawal", async () => {
    await ada.mutation(api.privacy.setConsent, { ...news, given: true });
    vi.setSystemTime(NOW_MS + HOUR_MS);
    await ada.mutation(api.privacy.setConsent, { ...news, given: false });
    expect(await consents()).toMatchObject([
      { ...news, given: true, at: NOW_MS },
      { ...news, given: false, at: NOW_MS + HOUR_MS },
    ]);
  });

  it("is entered once however often it is given, and a withdrawal of what was never given not at all", async () => {
    await bob.mutation(api.privacy.setConsent, { ...news, given: false });
    for (let times = 0; times < 3; times++) await ada.mutation(api.privacy.setConsent, { ...news, given: true });
    expect(await consents()).toHaveLength(1);
  });

  it("cannot be given to a text that is not the present one, and can always be withdrawn", async () => {
    await ada.mutation(api.privacy.setConsent, { ...news, given: true });
    const old = { ...news, textVersion: 0 };
    expect(await refusalOf(ada.mutation(api.privacy.setConsent, { ...old, given: true }))).toBe("conflict");
    await ada.mutation(api.privacy.setConsent, { ...old, given: false });
    expect((await consents()).map(({ given }) => given)).toEqual([true, false]);
  });
});

describe("a request", () => {
  it("[A14] is entered with its deadlines, once while it is open", async () => {
    const asked = await ada.mutation(api.privacy.request, { kind: "rectification" });
    const deadlines = { confirmBy: NOW_MS + CONFIRM_MS, dueAt: NOW_MS + ANSWER_MS };
    expect(asked).toMatchObject({ kind: "rectification", channel: "app", receivedAt: NOW_MS, ...deadlines });
    vi.setSystemTime(NOW_MS + HOUR_MS);
    expect(await ada.mutation(api.privacy.request, { kind: "rectification" })).toEqual(asked);
    expect(await ada.query(api.privacy.requests, {})).toEqual([asked]);
    expect(await bob.query(api.privacy.requests, {})).toEqual([]);
  });

  it("is due within a month of the calendar, whatever the month, and within 45 days", () => {
    for (let month = 0; month < 48; month++) {
      const receivedAt = Date.UTC(2025, month, 1);
      expect(receivedAt + ANSWER_MS).toBeLessThanOrEqual(Date.UTC(2025, month + 1, 1));
    }
    expect(ANSWER_MS).toBeLessThan(45 * 24 * HOUR_MS);
  });

  it("[A14] that came by mail is verified before it is fulfilled, and then shown to whom it is about", async () => {
    const mail = { reference: "2026-17", kind: "access", receivedAt: NOW_MS - HOUR_MS } as const;
    await backend.mutation(internal.privacy.register.record, { ...mail, apply: true });
    const answer = { reference: "2026-17", state: "fulfilled", apply: true } as const;
    await expect(backend.mutation(internal.privacy.register.answer, answer)).rejects.toThrow("verified");
    const verified = { reference: "2026-17", verifiedBy: "account_mail", identityId: "user_ada", apply: true } as const;
    await backend.mutation(internal.privacy.register.verify, verified);
    await backend.mutation(internal.privacy.register.answer, answer);
    const own = await ada.query(api.privacy.requests, {});
    expect(own).toMatchObject([
      { channel: "mail", state: "fulfilled", answeredAt: NOW_MS, receivedAt: NOW_MS - HOUR_MS },
    ]);
    expect(await openRequests()).toEqual([]);
  });

  it("changes nothing without `apply`, and refuses names, the future, and what is not there", async () => {
    const { record, verify, answer } = internal.privacy.register;
    const mail = { reference: "7", kind: "erasure", receivedAt: NOW_MS, apply: true } as const;
    await backend.mutation(record, { ...mail, apply: false });
    expect(await openRequests()).toEqual([]);
    await expect(backend.mutation(record, { ...mail, reference: "ada@mail.test" })).rejects.toThrow("without names");
    await expect(backend.mutation(record, { ...mail, receivedAt: NOW_MS + 1 })).rejects.toThrow("future");
    await expect(backend.mutation(answer, { reference: "7", state: "refused", apply: true })).rejects.toThrow(
      "no open",
    );
    await backend.mutation(record, mail);
    await expect(backend.mutation(record, mail)).rejects.toThrow("already");
    const stranger = { reference: "7", verifiedBy: "agent", identityId: "user_nobody", apply: true } as const;
    await expect(backend.mutation(verify, stranger)).rejects.toThrow("Nobody");
  });

  it("[A14] raises the alert from a week before its deadline until it is answered", async () => {
    const alarm = vi.spyOn(console, "error").mockImplementation(() => {});
    const look = () => backend.mutation(internal.privacy.register.look, {});
    await ada.mutation(api.privacy.request, { kind: "access" });
    expect(await look()).toEqual({ due: 0, overdue: 0 });
    expect(alarm).not.toHaveBeenCalled();
    vi.setSystemTime(NOW_MS + ANSWER_MS - REMIND_MS);
    expect(await look()).toEqual({ due: 1, overdue: 0 });
    vi.setSystemTime(NOW_MS + ANSWER_MS);
    expect(await look()).toEqual({ due: 0, overdue: 1 });
    expect(alarm).toHaveBeenLastCalledWith("Requests about data: 1 overdue, 0 due in a week");
    const [open] = await openRequests();
    expect(open?.isOverdue).toBe(true);
    const answer = { reference: open?.reference ?? "", state: "fulfilled", apply: true } as const;
    await backend.mutation(internal.privacy.register.answer, answer);
    expect(await look()).toEqual({ due: 0, overdue: 0 });
    alarm.mockRestore();
  });

  it("is deleted 36 months after its answer, and never while it is open", async () => {
    await ada.mutation(api.privacy.request, { kind: "access" });
    await ada.mutation(api.privacy.request, { kind: "disclosure" });
    const [open] = await openRequests();
    const answer = { reference: open?.reference ?? "", state: "withdrawn", apply: true } as const;
    await backend.mutation(internal.privacy.register.answer, answer);
    const alarm = vi.spyOn(console, "error").mockImplementation(() => {});
    for (const [elapsedMs, left] of [
      [REQUEST_MS, 2],
      [REQUEST_MS + 1, 1],
    ] as const) {
      vi.setSystemTime(NOW_MS + elapsedMs);
      await backend.mutation(internal.privacy.register.look, {});
      expect(await ada.query(api.privacy.requests, {})).toHaveLength(left);
    }
    alarm.mockRestore();
  });
});
