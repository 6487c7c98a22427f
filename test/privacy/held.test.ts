import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import type { MutationCtx } from "../../convex/_generated/server.js";
import { type Backend, type Person, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say } from "../support/chats.ts";

useBackendEnvironment();

const DAY_MS = 24 * 60 * 60 * 1000;
/** More than any sweep deletes in one transaction, so that one that never gets past what is held does not end. */
const MANY = 120;

let backend: Backend;
let ada: Person;
let adaId: Id<"users">;

beforeEach(async () => {
  vi.useFakeTimers();
  // There is no bucket here for the drainer to reach.
  vi.spyOn(console, "error").mockImplementation(() => {});
  backend = startBackend();
  ada = await signedIn(backend);
  adaId = await idOf("Ada");
  await say(ada, "Kept");
  await backend.run((ctx) => giveLeftovers(ctx, adaId, MANY));
  await signedIn(backend, "Bob");
  const bobId = await idOf("Bob");
  await backend.run((ctx) => giveLeftovers(ctx, bobId, 1));
});

async function idOf(name: string): Promise<Id<"users">> {
  const users = await backend.run(({ db }) => db.query("users").collect());
  const user = users.find((row) => row.name === name);
  if (!user) throw new Error(`${name} has no account`);
  return user._id;
}

/** Files that no message took up and orders that came to nothing, which sweeps delete in their time. */
async function giveLeftovers({ db }: Pick<MutationCtx, "db">, ownerId: Id<"users">, count: number): Promise<void> {
  const user = await db.get("users", ownerId);
  if (!user?.workspaceId) throw new Error("The account is not complete");
  const of = { ownerId, workspaceId: user.workspaceId };
  const nowMs = Date.now();
  const file = { kind: "text", mime: "text/plain", contentBytes: 5, origin: "upload", state: "loose" } as const;
  const order = { kind: "image", model: "painter", options: {}, progress: 0, attempt: 1, step: 1 } as const;
  const times = { createdAt: nowMs, changedAt: nowMs };
  for (let index = 0; index < count; index++) {
    const recordId = `${user.name}-${index}`;
    await db.insert("media", { ...of, ...file, recordId, thumbnail: "none", createdAt: nowMs });
    for (const state of ["failed", "cancelled"] as const) {
      const job = { recordId: `${recordId}-${state}`, sealedPrompt: new ArrayBuffer(8), provider: "openai" } as const;
      await db.insert("mediaJobs", { ...of, ...order, ...job, ...times, state, credits: 1 });
    }
  }
}

async function sweepAll(): Promise<void> {
  await backend.mutation(internal.threads.expiry.sweep, {});
  await backend.mutation(internal.media.uploads.sweepLoose, {});
  await backend.mutation(internal.media.making.sweep, {});
  await backend.finishAllScheduledFunctions(vi.runAllTimers);
}

/** How many rows somebody has that sweeps may delete. */
const rowsOf = (ownerId: Id<"users">) =>
  backend.run(async ({ db }) => {
    const rows = [await db.query("threads").collect(), await db.query("media").collect()];
    return [...rows.flat(), ...(await db.query("mediaJobs").collect())].filter((row) => row.ownerId === ownerId).length;
  });

const WHOLE = 1 + 3 * MANY;

describe("what is held", () => {
  it("[A12] is passed by every sweep while its person has restricted it, and swept once they lift that", async () => {
    await ada.mutation(api.privacy.setRestriction, { restricted: true });
    vi.advanceTimersByTime(61 * DAY_MS);
    await sweepAll();
    expect([await rowsOf(adaId), await rowsOf(await idOf("Bob"))]).toEqual([WHOLE, 0]);
    await ada.mutation(api.privacy.setRestriction, { restricted: false });
    await sweepAll();
    expect(await rowsOf(adaId)).toBe(0);
  });

  it("[A12] stays so in an account that was restricted when it was closed", async () => {
    await ada.mutation(api.privacy.setRestriction, { restricted: true });
    await backend.run(({ db }) => db.patch("users", adaId, { state: "closing", reopensAs: "restricted" }));
    vi.advanceTimersByTime(61 * DAY_MS);
    await sweepAll();
    expect(await rowsOf(adaId)).toBe(WHOLE);
  });

  it("[A12] is also what senders of webhooks told of its person", async () => {
    await ada.mutation(api.privacy.setRestriction, { restricted: true });
    await backend.run(async ({ db }) => {
      const told = {
        type: "session.created",
        eventAt: 0,
        receivedAt: Date.now(),
        state: "parked",
        fields: "{}",
      } as const;
      for (const identityId of ["user_ada", "user_bob", undefined]) {
        await db.insert("webhookInbox", { ...told, identityId, messageId: `about-${identityId}` });
      }
    });
    vi.advanceTimersByTime(61 * DAY_MS);
    await backend.mutation(internal.webhooks.inbox.sweep, {});
    const left = await backend.run(({ db }) => db.query("webhookInbox").collect());
    expect(left.map(({ identityId }) => identityId)).toEqual(["user_ada"]);
  });

  it("waits for what comes of an erasure, which may have been asked for by a forged message", async () => {
    await backend.run(({ db }) => db.patch("users", adaId, { state: "erasing" }));
    vi.advanceTimersByTime(61 * DAY_MS);
    await sweepAll();
    expect(await rowsOf(adaId)).toBe(WHOLE);
  });
});
