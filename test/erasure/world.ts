/** A backend whose identity provider and bucket are the stand-ins on loopback, and people registered there. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { createClerkClient } from "@clerk/backend";
import { vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { hasObject } from "../../convex/media/bucket.ts";
import { openBucketClient } from "../../convex/media/parts.ts";
import schema from "../../convex/schema.ts";
import { EMPTY } from "../../convex/usage/ledger.ts";
import { MovableClock } from "../../src/runtime/clock.ts";
import { startIdentity } from "../../src/runtime/identity/server.ts";
import { startObjects } from "../../src/runtime/objects/server.ts";
import type { Backend, Person } from "../support/backend.ts";
import { say, send } from "../support/chats.ts";
import { WEBHOOK_SECRET } from "../support/clerkEvents.ts";

const SECRET_KEY = "sk_test_of_erasures";
const ADMIN_KEY = "noruxa|erasure";
const BUCKET = { bucket: "media", accessKeyId: "erasure-key", secretAccessKey: "erasure-secret" };
const bucketAt = (endpoint: string) => ({ endpoint, ...BUCKET });
const ISSUER = "https://issuer.test";

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Starts both stand-ins. Webhooks go nowhere: tests deliver what they want to be delivered. */
export async function startWorld() {
  const dir = await mkdtemp(path.join(os.tmpdir(), "noruxa-erasure-"));
  const host = "127.0.0.1";
  const identity = await startIdentity({
    dir: path.join(dir, "identity"),
    host,
    port: 0,
    clock: new MovableClock(),
    adminKey: ADMIN_KEY,
    secretKey: SECRET_KEY,
    webhookSecret: WEBHOOK_SECRET,
    appOrigins: ["http://app.test"],
  });
  const objects = await startObjects({
    dataDir: path.join(dir, "objects"),
    host,
    port: 0,
    ...BUCKET,
    allowedOrigins: [],
    adminKey: ADMIN_KEY,
    log: () => {},
  });
  const control = (url: string, body: object) =>
    fetch(`${url}/_control`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Convex ${ADMIN_KEY}` },
      body: JSON.stringify(body),
    });
  return {
    clerk: createClerkClient({ secretKey: SECRET_KEY, apiUrl: identity.url, telemetry: { disabled: true } }),
    troubleIdentity: (body: object) => control(identity.url, body),
    troubleBucket: (body: object) => control(objects.url, body),
    /** Puts an object into the bucket, past the product. */
    putObject: (Key: string) =>
      openBucketClient(bucketAt(objects.url)).s3.send(
        new PutObjectCommand({ Bucket: BUCKET.bucket, Key, Body: "sealed" }),
      ),
    hasObject: (key: string) => hasObject(bucketAt(objects.url), key),
    /** Makes them the services of the functions under test, until `vi.unstubAllEnvs`. */
    stubEnvironment() {
      vi.stubEnv("CLERK_SECRET_KEY", SECRET_KEY);
      vi.stubEnv("CLERK_API_URL", identity.url);
      vi.stubEnv("CLERK_WEBHOOK_SECRET", WEBHOOK_SECRET);
      vi.stubEnv("R2_ENDPOINT", objects.url);
      vi.stubEnv("R2_BUCKET", BUCKET.bucket);
      vi.stubEnv("R2_ACCESS_KEY_ID", BUCKET.accessKeyId);
      vi.stubEnv("R2_SECRET_ACCESS_KEY", BUCKET.secretAccessKey);
    },
    async close() {
      await Promise.all([identity.close(), objects.close()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export interface Member {
  person: Person;
  identityId: string;
  name: string;
  userId: Id<"users">;
}

/** Registers somebody at the identity provider and signs them in. */
export async function join(world: World, backend: Backend, name: string): Promise<Member> {
  const [firstName, lastName] = name.split(" ");
  const emailAddress = [`${crypto.randomUUID()}@mail.test`];
  const { id } = await world.clerk.users.createUser({ emailAddress, firstName, lastName });
  const person = backend.withIdentity({ issuer: ISSUER, subject: id, name });
  const { userId } = await person.action(api.account.signIn, {});
  return { person, identityId: id, name, userId };
}

/**
 * Gives somebody rows in every table that can hold a row of a person, by way of the product where that is short and
 * written as the product would where it is not.
 */
export async function fillEveryTable(backend: Backend, { person, userId, identityId }: Member): Promise<void> {
  const { threadId, messageId } = await say(person, "What are tides?");
  await person.mutation(api.messages.edit, { messageId, text: "What are tides really?" });
  const { replyId } = await send(person, "And moons?", threadId);
  await backend.run(async (ctx) => {
    const user = await ctx.db.get("users", userId);
    const reply = await ctx.db.get("messages", replyId);
    if (!user?.workspaceId || !reply) throw new Error("The account is not complete");
    const of = { ownerId: userId, workspaceId: user.workspaceId };
    const bytes = new ArrayBuffer(40);
    await ctx.db.insert("deltas", { r: reply.recordId, n: 0, t: bytes });
    // Nobody is to take the reply over: it is to rest as it is.
    for (const { _id, ownerId, fallbackId } of await ctx.db.query("generations").collect()) {
      if (ownerId !== userId || !fallbackId) continue;
      await ctx.scheduler.cancel(fallbackId);
      await ctx.db.patch("generations", _id, { fallbackId: undefined });
    }
    for (const home of [{}, { threadId }]) {
      const mediaId = await ctx.db.insert("media", {
        ...of,
        ...home,
        recordId: crypto.randomUUID(),
        kind: "text",
        mime: "text/plain",
        contentBytes: 5,
        origin: "upload",
        state: "kept",
        thumbnail: "none",
        createdAt: Date.now(),
      });
      const sealed = { sealedKey: bytes, header: bytes, commitment: bytes, mime: "text/plain", contentBytes: 5 };
      await ctx.db.insert("objects", { ...of, mediaId, role: "original", key: crypto.randomUUID(), ...sealed });
    }
    await ctx.db.insert("uploads", { ...of, key: crypto.randomUUID(), reservedAt: Date.now() });
    await ctx.db.insert("mediaSessions", { ...of, secret: bytes, expiresAt: Date.now() + 1_000 });
    await ctx.db.insert("mediaJobs", {
      ...of,
      recordId: crypto.randomUUID(),
      kind: "image",
      model: "painter",
      sealedPrompt: bytes,
      options: {},
      state: "failed",
      progress: 0,
      attempt: 1,
      step: 1,
      provider: "openai",
      credits: 1,
      createdAt: Date.now(),
      changedAt: Date.now(),
    });
    const used = { subject: "job:1", kind: "image", model: "painter", credits: 1, source: "estimate" } as const;
    await ctx.db.insert("usageEvents", { ownerId: userId, ...used, startedAt: 0, endedAt: 1 });
    const alert = { seq: 1, carried: EMPTY, added: EMPTY, raisedAt: 0 };
    const earlier = { kind: "grant", reason: "plan", credits: 1, held: 0, at: 0, seq: 1, after: EMPTY } as const;
    await ctx.db.insert("earlierCredits", { ownerId: userId, ...earlier });
    const written = { threads: 0, media: 0, jobs: 0, messages: 0, records: 0 };
    const begun = { archive: "a", importId: "i", written, startedAt: 0 };
    await ctx.db.insert("imports", { ownerId: userId, ...begun });
    await ctx.db.insert("creditAlerts", { ownerId: userId, ...alert });
    const received = { kind: "access", channel: "mail", receivedAt: 0, confirmBy: 1, dueAt: 1 } as const;
    await ctx.db.insert("privacyRequests", { ownerId: userId, ...received, state: "open" });
    await ctx.db.insert("consents", { ownerId: userId, purpose: "news", given: true, textVersion: 1, at: 0 });
    await ctx.db.insert("objections", { ownerId: userId, purpose: "webhooks", at: 0 });
    const gone = { what: "chat", why: "person", unreadableAt: 0, completedAt: 1, messages: 2, files: 0 } as const;
    await ctx.db.insert("deletionReceipts", { ownerId: userId, seq: 1, ...gone, previousMac: "", mac: "" });
    const archive = { pieces: 1, place: null, contentBytes: 5, attempts: 1, requestedAt: 0, changedAt: 0 };
    const exportId = await ctx.db.insert("exports", { ...of, ...archive, state: "ready", expiresAt: 1 });
    const piece = { exportId, fromByte: 0, sealedListing: bytes, key: crypto.randomUUID(), contentBytes: 5 };
    const sealedPiece = { sealedKey: bytes, header: bytes, commitment: bytes, mime: "application/zip" };
    await ctx.db.insert("exportPieces", { ownerId: userId, ...piece, ...sealedPiece });
    const event = { type: "session.created", eventAt: 0, state: "parked", receivedAt: Date.now() } as const;
    const fields = JSON.stringify({ data: { user_id: identityId } });
    await ctx.db.insert("webhookInbox", { messageId: crypto.randomUUID(), identityId, fields, ...event });
  });
}

/** All rows of the tables, by table. */
export function readAll(backend: Backend): Promise<Record<string, Record<string, unknown>[]>> {
  return backend.run(async (ctx) => {
    const tables = Object.keys(schema.tables) as (keyof typeof schema.tables)[];
    const rows = await Promise.all(tables.map((table) => ctx.db.query(table).collect()));
    return Object.fromEntries(tables.map((table, index) => [table, rows[index] as Record<string, unknown>[]]));
  });
}

/** The tables that name somebody by any of these ids. */
export async function tablesNaming(backend: Backend, ids: string[]): Promise<string[]> {
  const all = await readAll(backend);
  return Object.keys(all).filter((table) => ids.some((id) => JSON.stringify(all[table]).includes(id)));
}

/** Steps of a backend after which it is taken to go on for ever. */
const MOST_STEPS = 300;

/**
 * Lets what is scheduled run until nothing is, one timer at a time: each call over the network ends before its time limit
 * can. False where it does not come to rest.
 */
export async function settled(backend: Backend, steps = MOST_STEPS): Promise<boolean> {
  for (let step = 0; step < steps; step++) {
    await backend.finishInProgressScheduledFunctions();
    if (await isAtRest(backend)) return true;
    await vi.advanceTimersToNextTimerAsync();
  }
  return false;
}

async function isAtRest(backend: Backend): Promise<boolean> {
  const scheduled = await backend.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
  return scheduled.every(({ state: { kind } }) => kind !== "pending" && kind !== "inProgress");
}

/** Loses what is scheduled, or only what is scheduled of one function, as if it had died when it began. */
export async function loseScheduled(backend: Backend, name = ""): Promise<void> {
  await backend.run(async (ctx) => {
    for (const job of await ctx.db.system.query("_scheduled_functions").collect())
      if (job.name.includes(name)) await ctx.scheduler.cancel(job._id);
  });
}

/** Delivers what the identity provider would say of somebody's deletion. */
export const noteDeleted = (backend: Backend, identityId: string, messageId: string = crypto.randomUUID()) =>
  backend.mutation(internal.webhooks.inbox.receive, {
    messageId,
    fields: JSON.stringify({ type: "user.deleted", timestamp: Date.now(), data: { id: identityId, deleted: true } }),
  });
