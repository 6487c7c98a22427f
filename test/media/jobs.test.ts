import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Doc, Id } from "../../convex/_generated/dataModel.js";
import { loadStanding } from "../../convex/usage/entries.ts";
import { PLACES_COUNTED } from "../../src/shared/media.ts";
import {
  type Backend,
  type Person,
  readMessages,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { isOpen } from "./library.ts";
import { IMAGE_CREDITS, mostAtOnce, type Services, startServices, VIDEO_CREDITS_PER_SECOND } from "./services.ts";

useBackendEnvironment();

const MINUTE_MS = 60_000;
// Real sockets, real pictures and real videos.
vi.setConfig({ testTimeout: 20_000 });

let services: Services;
let backend: Backend;
let ada: Person;

beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.close());

beforeEach(async () => {
  services.stubEnvironment();
  await services.plan({ reset: true, workMs: 0 });
  await services.troubleBucket({ reset: true });
  await services.emptyBucket();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  backend = startBackend();
  ada = await signedIn(backend);
});

/** The bucket is shared, so what a test has set going must come to rest before the next one counts what is in it. */
afterEach(async () => {
  await services.troubleBucket({ reset: true });
  const busy = async () => {
    const media = await backend.run((ctx) => ctx.db.query("media").collect());
    const { uploads, outbox } = await leavings();
    return uploads + outbox + media.filter(({ thumbnail }) => thumbnail === "due").length;
  };
  await waitFor(async () => expect(await busy()).toBe(0));
});

interface Wanted {
  kind?: "image" | "video";
  prompt?: string;
  options?: { seconds?: number; size?: string };
  threadId?: Id<"threads">;
  newThread?: boolean;
}

function order(person: Person, { kind = "image", prompt = "a heron at dawn", ...wanted }: Wanted = {}) {
  return person.mutation(api.media.request, { requestId: crypto.randomUUID(), kind, prompt, ...wanted });
}

const jobOf = (jobId: string, person = ada) => person.query(api.media.job, { jobId });

/** Waits until a job has ended, letting time pass meanwhile. */
async function ended(jobId: string, person = ada) {
  return waitFor(async () => {
    const job = await jobOf(jobId, person);
    if (!["done", "failed", "cancelled"].includes(job.state)) throw new Error(`The job is ${job.state}`);
    return job;
  });
}

function waitFor<Value>(look: () => Promise<Value>): Promise<Value> {
  return vi.waitFor(look, { timeout: 8_000, interval: 100 });
}

const reaches = (jobId: string, state: string, person = ada) =>
  waitFor(async () => expect(await jobOf(jobId, person)).toMatchObject({ state }));

/** What is left of everything that a job may leave behind. */
async function leavings() {
  const rows = await backend.run(async (ctx) => ({
    media: (await ctx.db.query("media").collect()).length,
    originals: (await ctx.db.query("objects").collect()).filter(({ role }) => role === "original").length,
    uploads: (await ctx.db.query("uploads").collect()).length,
    outbox: (await ctx.db.query("objectDeletes").collect()).filter(isOpen).length,
  }));
  return { ...rows, bucket: (await services.bucketKeys()).length };
}

async function credits(person = ada) {
  const me = await person.query(api.account.me, {});
  const { balance, held, spent, openJobs } = await backend.run((ctx) =>
    loadStanding(ctx.db, me?.userId as Id<"users">),
  );
  return { available: balance - held, held, spent, openJobs };
}

const nothing = { media: 0, originals: 0, uploads: 0, outbox: 0, bucket: 0 };

/** Waits until the medium of a test has its thumbnail, which is stored by itself. */
async function expectThumbnail() {
  await waitFor(async () => {
    expect(await backend.run((ctx) => ctx.db.query("media").first())).toMatchObject({ thumbnail: "made" });
  });
}

/** Expects one medium with its bytes, and nothing on the way once its thumbnail is made. */
async function expectOneMedium() {
  const one = { media: 1, originals: 1, uploads: 0, outbox: 0 };
  await waitFor(async () => expect(await leavings()).toMatchObject(one));
}

/** How a job ended, what it cost, and what is left of it once everything has come to rest. */
async function outcomeOf(jobId: string) {
  const { state, error, mediaId } = await ended(jobId);
  await waitFor(async () => expect(await leavings()).toEqual(nothing));
  const { held, spent, openJobs } = await credits();
  return { state, code: error?.code, mediaId, credits: { held, spent, openJobs }, left: await leavings() };
}

/** A job that failed for that reason, cost nothing and left nothing behind. */
const refunded = (code: string) => ({
  state: "failed",
  code,
  mediaId: null,
  credits: { held: 0, spent: 0, openJobs: 0 },
  left: nothing,
});

describe("a job for a picture", () => {
  it("[A3] ends with a medium of the library whose bytes are in the bucket, and is charged for once", async () => {
    const { jobId } = await order(ada);
    expect(await credits()).toMatchObject({ held: IMAGE_CREDITS, openJobs: 1 });
    const job = await ended(jobId);
    expect(job).toMatchObject({ state: "done", progress: 1, credits: IMAGE_CREDITS, error: null, threadId: null });
    expect(await credits()).toMatchObject({ held: 0, spent: IMAGE_CREDITS, openJobs: 0 });
    const library = await ada.query(api.media.library, { paginationOpts: { numItems: 5, cursor: null } });
    expect(library.page).toMatchObject([{ mediaId: job.mediaId, kind: "image", mime: "image/png", origin: "job" }]);
    expect(library.page[0]).toMatchObject({ width: 1024, height: 1024 });
    await expectOneMedium();
  });

  it("[A2] [A19] keeps its prompt encrypted, and nothing of it in the bucket", async () => {
    const { jobId } = await order(ada, { prompt: "an unmistakable marmalade lighthouse" });
    await ended(jobId);
    const rows = await backend.run((ctx) => ctx.db.query("mediaJobs").collect());
    const text = JSON.stringify(rows, (_key, value) =>
      value instanceof ArrayBuffer ? Buffer.from(value).toString("latin1") : value,
    );
    expect(text).not.toContain("marmalade");
    expect((await jobOf(jobId)).prompt).toBe("an unmistakable marmalade lighthouse");
    expect((await services.bucketKeys()).join()).not.toMatch(/ada|image|png/i);
  });

  it("is one job and one charge however often the request is repeated", async () => {
    const request = { requestId: "the-same", kind: "image", prompt: "a heron" } as const;
    const first = await ada.mutation(api.media.request, request);
    const second = await ada.mutation(api.media.request, request);
    expect(second).toEqual(first);
    await ended(first.jobId);
    expect(await ada.mutation(api.media.request, request)).toEqual(first);
    expect(await credits()).toMatchObject({ spent: IMAGE_CREDITS });
    expect((await services.models()).requests).toHaveLength(1);
  });

  it("inside a chat begins with what was asked and ends the reply with the picture", async () => {
    const { jobId, threadId } = await order(ada, { prompt: "a heron at dawn", newThread: true });
    const [waiting, asked] = await readMessages(ada, threadId as string);
    expect(asked).toMatchObject({ role: "user", text: "a heron at dawn", jobId: null });
    expect(waiting).toMatchObject({ role: "assistant", state: "streaming", jobId });
    const job = await ended(jobId);
    const [reply] = await readMessages(ada, threadId as string);
    expect(reply).toMatchObject({ state: "complete", attachments: [{ mediaId: job.mediaId, kind: "image" }] });
  });

  it("made once more in a chat is another reply beside the first, with a job of its own", async () => {
    const { jobId, threadId } = await order(ada, { newThread: true });
    await ended(jobId);
    const [first] = await readMessages(ada, threadId as string);
    const { replyId } = await ada.mutation(api.messages.regenerate, { messageId: first?._id as string });
    const [second] = await readMessages(ada, threadId as string);
    expect(second).toMatchObject({ _id: replyId, siblings: [first?._id, replyId] });
    expect(second?.jobId).not.toBe(jobId);
    expect(await ended(second?.jobId as string)).toMatchObject({ state: "done", prompt: "a heron at dawn" });
    expect(await credits()).toMatchObject({ spent: 2 * IMAGE_CREDITS, held: 0 });
  });
});

describe("a job for a video", () => {
  it("is ordered, followed by short looks, and forgotten by the provider once it is stored", async () => {
    await services.plan({ workMs: 300 });
    const { jobId } = await order(ada, { kind: "video", options: { seconds: 1 } });
    const job = await ended(jobId);
    expect(job).toMatchObject({ state: "done", credits: VIDEO_CREDITS_PER_SECOND });
    expect(await credits()).toMatchObject({ spent: VIDEO_CREDITS_PER_SECOND, held: 0 });
    await waitFor(async () => expect((await services.models()).videos).toEqual([]));
    const [media] = await backend.run((ctx) => ctx.db.query("media").collect());
    expect(media).toMatchObject({ kind: "video", mime: "video/mp4", origin: "job" });
  });

  it("has its order's id stored as soon as there is one, and shows progress", async () => {
    await services.plan({ workMs: 2_000 });
    const { jobId } = await order(ada, { kind: "video", options: { seconds: 1 } });
    const row = await waitFor(async () => {
      const [job] = await backend.run((ctx) => ctx.db.query("mediaJobs").collect());
      if (!job?.providerRequestId) throw new Error("No id yet");
      return job;
    });
    expect((await services.models()).videos).toEqual([row.providerRequestId]);
    const { progress } = await waitFor(async () => {
      const job = await jobOf(jobId);
      if (job.progress === 0) throw new Error("No progress yet");
      return job;
    });
    expect(progress).toBeGreaterThan(0);
    expect(progress).toBeLessThan(1);
    expect(await ended(jobId)).toMatchObject({ state: "done", progress: 1 });
  });

  it("that is cancelled ends at the provider too, and costs nothing", async () => {
    await services.plan({ workMs: 5 * MINUTE_MS });
    const { jobId } = await order(ada, { kind: "video", options: { seconds: 1 } });
    await waitFor(async () => expect((await services.models()).videos).toHaveLength(1));
    await waitFor(async () =>
      expect((await backend.run((ctx) => ctx.db.query("mediaJobs").first()))?.operation).toBeDefined(),
    );
    await ada.mutation(api.media.cancel, { jobId });
    expect(await jobOf(jobId)).toMatchObject({ state: "cancelled", credits: 0 });
    expect(await credits()).toMatchObject({ held: 0, spent: 0, openJobs: 0 });
    await waitFor(async () => expect((await services.models()).videos).toEqual([]));
    expect(await leavings()).toEqual(nothing);
  });

  it("whose provider answers after it was cancelled has nothing stored, and costs nothing", async () => {
    await services.plan({ workMs: 500 });
    const { jobId } = await order(ada, { kind: "image" });
    await waitFor(async () => expect((await services.models()).requests).toHaveLength(1));
    await ada.mutation(api.media.cancel, { jobId });
    await waitFor(async () => expect((await services.models()).requests).toMatchObject([{ ending: "complete" }]));
    expect(await outcomeOf(jobId)).toEqual({ ...refunded(""), state: "cancelled", code: undefined });
  });

  it("that was cancelled while its order was on the way is given back when the answer comes", async () => {
    const { jobId } = await order(ada, { kind: "video", options: { seconds: 1 } });
    await reaches(jobId, "running");
    const held = await heldBy(jobId);
    await ada.mutation(api.media.cancel, { jobId });
    await waitFor(async () => expect((await services.models()).videos).toEqual([]));
    const id = await orderAtProvider();
    const placed = { kind: "video", provider: "openai", requestId: id, operation: { id } } as const;
    await backend.mutation(internal.media.making.ordered, { ...held, ...placed });
    expect(await jobOf(jobId)).toMatchObject({ state: "cancelled" });
    await waitFor(async () => expect((await services.models()).videos).toEqual([]));
    await waitFor(async () => expect(await returns()).toEqual([]));
  });

  it("can be tried again after it failed, with a hold of its own", async () => {
    await services.plan({ fail: true, times: 1, workMs: 0 });
    const { jobId } = await order(ada, { kind: "video", options: { seconds: 1 } });
    expect(await outcomeOf(jobId)).toEqual(refunded("provider_failed"));
    await services.plan({ reset: true, workMs: 0 });
    await ada.mutation(api.media.retry, { jobId });
    expect(await credits()).toMatchObject({ held: VIDEO_CREDITS_PER_SECOND, openJobs: 1 });
    expect(await ended(jobId)).toMatchObject({ state: "done", credits: VIDEO_CREDITS_PER_SECOND });
    expect(await credits()).toMatchObject({ held: 0, spent: VIDEO_CREDITS_PER_SECOND });
    expect(await refusalOf(ada.mutation(api.media.retry, { jobId }))).toBe("conflict");
  });
});

describe("an order that is over", () => {
  /** A job whose video its provider is at work on. */
  async function underWay(): Promise<string> {
    await services.plan({ workMs: 5 * MINUTE_MS });
    const { jobId } = await order(ada, { kind: "video", options: { seconds: 1 } });
    await waitFor(async () => {
      const job = await backend.run((ctx) => ctx.db.get("mediaJobs", jobId));
      expect(job?.operation).toBeDefined();
    });
    return jobId;
  }

  const tryAgainAfter = async (ms: number) => {
    vi.setSystemTime(Date.now() + ms);
    await backend.mutation(internal.media.returns.kick, {});
  };

  it("is given back by whoever comes by, where the action died that had taken it", async () => {
    const operation = { id: await orderAtProvider() };
    const given = { kind: "video", provider: "openai", operation, underWay: false } as const;
    const taken = { askedAt: Date.now(), notBeforeAt: Date.now() + MINUTE_MS, attempts: 1 };
    await backend.run((ctx) => ctx.db.insert("orderReturns", { ...given, ...taken }));
    await tryAgainAfter(MINUTE_MS);
    await waitFor(async () => expect(await returns()).toEqual([]));
    expect((await services.models()).videos).toEqual([]);
  });

  it("is asked for again and again while the provider does not confirm, and operators are told", async () => {
    const jobId = await underWay();
    const baseUrl = process.env.VIDEO_BASE_URL ?? "";
    vi.stubEnv("VIDEO_BASE_URL", "http://127.0.0.1:9/v1");
    await ada.mutation(api.media.cancel, { jobId });
    for (let attempts = 1; attempts <= 11; attempts++) {
      await waitFor(async () => expect(await returns()).toMatchObject([{ attempts }]));
      await backend.finishInProgressScheduledFunctions();
      if (attempts < 11) await tryAgainAfter(60 * MINUTE_MS);
    }
    expect(await backend.query(internal.media.returns.state, {})).toMatchObject({ waiting: { count: 1 }, stuck: 1 });
    expect(vi.mocked(console.error).mock.calls.join()).toContain("has not confirmed that its order");
    vi.stubEnv("VIDEO_BASE_URL", baseUrl);
    await tryAgainAfter(60 * MINUTE_MS);
    await waitFor(async () => expect(await returns()).toEqual([]));
    expect((await services.models()).videos).toEqual([]);
  });

  it("is let go of after a month where its provider is not in service here any more, and not in silence", async () => {
    const given = { kind: "video", provider: "fal", operation: { id: "o1" }, underWay: true } as const;
    const since = { askedAt: Date.now(), notBeforeAt: 0, attempts: 0 };
    await backend.run((ctx) => ctx.db.insert("orderReturns", { ...given, ...since }));
    await backend.action(internal.media.returning.giveBack, {});
    vi.setSystemTime(Date.now() + 31 * 24 * 60 * MINUTE_MS);
    await backend.action(internal.media.returning.giveBack, {});
    // A deployment that was away for a month has asked twice.
    expect(await returns()).toMatchObject([{ attempts: 2 }]);
    for (let hours = 0; hours < 8; hours++) {
      vi.setSystemTime(Date.now() + 61 * MINUTE_MS);
      await backend.action(internal.media.returning.giveBack, {});
    }
    expect(await returns()).toEqual([]);
    expect(vi.mocked(console.error).mock.calls.join()).toContain("o1 is deleted for a month: it is let go of");
  });
});

const returns = () => backend.run((ctx) => ctx.db.query("orderReturns").collect());

/** The id of a video that the provider has made. */
async function orderAtProvider(): Promise<string> {
  const videosUrl = `${services.modelsUrl}/v1/videos`;
  const headers = { "content-type": "application/json", authorization: `Bearer ${process.env.VIDEO_API_KEY}` };
  const body = JSON.stringify({ model: "standin-reel", prompt: "a heron", seconds: "1" });
  const { id } = (await (await fetch(videosUrl, { method: "POST", headers, body })).json()) as { id: string };
  const look = async () => (await fetch(`${videosUrl}/${id}`, { headers })).json();
  await waitFor(async () => expect(await look()).toMatchObject({ status: "completed" }));
  return id;
}

/** The step a job is at, as an action that was started for it knows it. */
async function heldBy(jobId: Id<"mediaJobs">) {
  const job = await backend.run((ctx) => ctx.db.get("mediaJobs", jobId));
  return { jobId, step: job?.step ?? -1 };
}

describe("what goes wrong", () => {
  it.each([
    ["a provider that fails", { failStatus: 500 }, "provider_unavailable"],
    ["a provider that is busy", { failStatus: 429 }, "provider_busy"],
    ["a refused prompt", { refuse: true }, "provider_refused"],
    ["a page in place of a picture", { html: true }, "provider_invalid"],
    ["a picture that is cut off or goes on after its end", { resultBytes: 200_000 }, "provider_invalid"],
    ["a result at an internal address", { resultUrl: "https://127.0.0.1:1/x.png" }, "provider_invalid"],
    ["a result at the address of cloud metadata", { resultUrl: "http://169.254.169.254/latest" }, "provider_invalid"],
    ["a result in a file", { resultUrl: "file:///etc/passwd" }, "provider_invalid"],
  ])("%s ends the job, refunded, with nothing left behind", async (_what, plan, code) => {
    await services.plan(plan);
    const { jobId } = await order(ada);
    expect(await outcomeOf(jobId)).toEqual(refunded(code));
  });

  it.each([
    ["a video that fails", { fail: true }, "provider_failed"],
    ["a video whose prompt is refused on the way", { fail: true, refuse: true }, "provider_refused"],
    ["a page in place of a video", { html: true }, "provider_invalid"],
    ["a video that redirects to an internal address", { resultUrl: "http://10.0.0.1/x.mp4" }, "provider_invalid"],
  ])("%s ends the job, refunded, with nothing left behind", async (_what, plan, code) => {
    await services.plan({ workMs: 0, ...plan });
    const { jobId } = await order(ada, { kind: "video", options: { seconds: 1 } });
    expect(await outcomeOf(jobId)).toEqual(refunded(code));
    await waitFor(async () => expect((await services.models()).videos).toEqual([]));
  });

  it("a result past MEDIA_MAX_BYTES ends the job, refunded, with nothing left behind", async () => {
    vi.stubEnv("MEDIA_MAX_BYTES", String(2 * 1024 * 1024));
    await services.plan({ workMs: 0, resultBytes: 12 * 1024 * 1024 });
    const { jobId } = await order(ada, { kind: "video", options: { seconds: 1 } });
    expect(await outcomeOf(jobId)).toEqual(refunded("result_too_large"));
  });

  it("a bucket that fails for a while delays the job, and one that goes on failing ends it", async () => {
    await services.troubleBucket({ only: ["PutObject"], failNext: 2 });
    const first = await order(ada);
    expect(await ended(first.jobId)).toMatchObject({ state: "done" });
    await expectThumbnail();
    await services.troubleBucket({ only: ["PutObject"], failNext: 1000 });
    const second = await order(ada);
    expect(await ended(second.jobId)).toMatchObject({ state: "failed", error: { code: "storage_unavailable" } });
    expect(await credits()).toMatchObject({ held: 0, spent: IMAGE_CREDITS });
  });

  it.each([
    ["a picture", "image", "PutObject"],
    ["a video", "video", "PutObject"],
  ] as const)("a bucket that is slow to take %s delays the job and no more", async (_what, kind, operation) => {
    await services.plan({ workMs: 0 });
    await services.troubleBucket({ only: [operation], delayMs: 700, bytesPerSecond: 200_000 });
    const { jobId } = await order(ada, { kind, options: kind === "video" ? { seconds: 1 } : { size: "512x512" } });
    await reaches(jobId, "storing");
    expect(await ended(jobId)).toMatchObject({ state: "done", error: null });
    expect(await credits()).toMatchObject({ held: 0, openJobs: 0 });
    await expectThumbnail();
    await expectOneMedium();
    expect(await services.bucketKeys()).toHaveLength(2);
  });

  it("a bucket that never answers ends the job, refunded, with nothing left behind once it answers again", async () => {
    await services.troubleBucket({ only: ["PutObject"], delayMs: 10 * MINUTE_MS });
    const { jobId } = await order(ada);
    await reaches(jobId, "storing");
    for (let second = 0; second < 9 * 60 && (await jobOf(jobId)).state === "storing"; second += 5) {
      await vi.advanceTimersByTimeAsync(5_000);
    }
    await services.troubleBucket({ reset: true });
    expect(await outcomeOf(jobId)).toEqual(refunded("storage_unavailable"));
  });

  it("a result that the bucket took without saying so is stored all the same", async () => {
    await services.troubleBucket({ only: ["PutObject"], dropNext: 1 });
    const { jobId } = await order(ada);
    expect(await ended(jobId)).toMatchObject({ state: "done" });
    await expectOneMedium();
  });

  it("an account that closes while its job runs gets nothing stored and pays nothing", async () => {
    await services.plan({ workMs: 400 });
    const { jobId } = await order(ada, { kind: "video", options: { seconds: 1 } });
    await reaches(jobId, "running");
    const ownerId = (await ada.query(api.account.me, {}))?.userId as Id<"users">;
    await backend.run((ctx) => ctx.db.patch("users", ownerId, { state: "closing" }));
    await waitFor(async () => {
      const job = await backend.run((ctx) => ctx.db.get("mediaJobs", jobId));
      expect(job).toMatchObject({ state: "failed", error: "fenced" });
      expect(await leavings()).toEqual(nothing);
    });
    expect(await backend.run((ctx) => loadStanding(ctx.db, ownerId))).toMatchObject({ held: 0, spent: 0, openJobs: 0 });
  });

  it("a chat that is removed takes its jobs along, also at the provider", async () => {
    await services.plan({ workMs: 5 * MINUTE_MS });
    const { threadId } = await order(ada, { kind: "video", options: { seconds: 1 }, newThread: true });
    await waitFor(async () =>
      expect((await backend.run((ctx) => ctx.db.query("mediaJobs").first()))?.operation).toBeDefined(),
    );
    await ada.mutation(api.threads.remove, { threadId: threadId as string });
    await waitFor(async () => {
      expect(await backend.run((ctx) => ctx.db.query("mediaJobs").collect())).toEqual([]);
      expect((await services.models()).videos).toEqual([]);
    });
    expect(await credits()).toMatchObject({ held: 0, spent: 0, openJobs: 0 });
  });
});

describe("a provider without a queue", () => {
  it("has a quarter of the jobs wait for it at most, and the others pass them by", async () => {
    vi.stubEnv("MEDIA_PARALLELISM", "8");
    await services.plan({ model: "standin-sketch", workMs: 1_000 });
    await services.plan({ model: "standin-reel", workMs: 0 });
    const people = await Promise.all(["Ben", "Cleo", "Dora", "Emil"].map((name) => signedIn(backend, name)));
    const pictures = await Promise.all(people.map((person) => order(person, { options: { size: "512x512" } })));
    const video = await order(ada, { kind: "video", options: { seconds: 1 } });
    await waitFor(async () => expect((await jobOf(video.jobId)).state).not.toBe("queued"));
    const jobs = await Promise.all(pictures.map(({ jobId }, index) => jobOf(jobId, people[index])));
    expect(jobs.filter(({ state }) => state === "queued")).toHaveLength(2);
    expect(await ended(video.jobId)).toMatchObject({ state: "done" });
    for (const [index, { jobId }] of pictures.entries()) {
      expect(await ended(jobId, people[index])).toMatchObject({ state: "done" });
    }
    const sketches = (await services.models()).requests.filter(({ model }) => model === "standin-sketch");
    expect(mostAtOnce(sketches)).toBe(2);
  });
});

describe("a worker that dies", () => {
  /** Runs the cron of the watchdog a while after a job was last heard of. */
  async function watchdogAfter(ms: number) {
    vi.setSystemTime(Date.now() + ms);
    await backend.mutation(internal.media.making.resumeSilent, {});
  }

  /** A job that some worker had brought as far as that, before it died and all that it had scheduled with it. */
  async function deserted(kind: "image" | "video", state: "running" | "storing", operation?: Record<string, string>) {
    vi.stubEnv("MEDIA_PARALLELISM", "1");
    const blocker = await order(ada, { kind: "video", options: { seconds: 1 } });
    await backend.run((ctx) => ctx.db.patch("mediaJobs", blocker.jobId, { state: "running", step: 90 }));
    const { jobId } = await order(ada, { kind, options: kind === "video" ? { seconds: 1 } : {} });
    await backend.run(async (ctx) => {
      await ctx.db.patch("mediaJobs", blocker.jobId, { state: "cancelled" });
      await ctx.db.patch("mediaJobs", jobId, { state, step: 7, operation, orderedAt: Date.now() });
    });
    return jobId;
  }

  it("while it placed an order leaves a job that fails and is refunded, since nobody can find the order", async () => {
    const jobId = await deserted("image", "running");
    await watchdogAfter(2 * MINUTE_MS);
    expect(await jobOf(jobId)).toMatchObject({ state: "running" });
    await watchdogAfter(2 * MINUTE_MS);
    expect(await jobOf(jobId)).toMatchObject({ state: "failed", error: { code: "abandoned" }, credits: 0 });
  });

  it("before it placed an order leaves a job that is ordered all the same, and once", async () => {
    const jobId = await deserted("image", "running");
    await backend.run((ctx) => ctx.db.patch("mediaJobs", jobId, { orderedAt: undefined }));
    await watchdogAfter(4 * MINUTE_MS);
    expect(await ended(jobId)).toMatchObject({ state: "done" });
    expect(await credits()).toMatchObject({ spent: IMAGE_CREDITS });
    expect((await services.models()).requests).toHaveLength(1);
  });

  it.each(["running", "storing"] as const)(
    "while a job was %s leaves one that goes on and is charged once",
    async (state) => {
      await services.plan({ workMs: 0 });
      const jobId = await deserted("video", state, { id: await orderAtProvider() });
      await watchdogAfter(4 * MINUTE_MS);
      expect(await ended(jobId)).toMatchObject({ state: "done" });
      expect((await backend.run((ctx) => ctx.db.query("usageEvents").collect())).length).toBe(1);
      await expectOneMedium();
    },
  );

  it("for hours leaves a job whose credits stay held, and that is charged for when it is stored after all", async () => {
    const jobId = await deserted("video", "storing", { id: await orderAtProvider() });
    vi.setSystemTime(Date.now() + 180 * MINUTE_MS);
    await backend.mutation(internal.usage.holds.sweep, {});
    expect(await credits()).toMatchObject({ held: VIDEO_CREDITS_PER_SECOND, openJobs: 1 });
    await backend.action(internal.media.production.look, { jobId, step: 7, looks: 0 });
    expect(await jobOf(jobId)).toMatchObject({ state: "done", credits: VIDEO_CREDITS_PER_SECOND });
    expect(await credits()).toMatchObject({ held: 0, spent: VIDEO_CREDITS_PER_SECOND, openJobs: 0 });
  });

  it("again and again leaves a job that fails at last, refunded and given back", async () => {
    const jobId = await deserted("video", "storing", { id: await orderAtProvider() });
    await watchdogAfter(180 * MINUTE_MS);
    expect(await jobOf(jobId)).toMatchObject({ state: "failed", error: { code: "abandoned" }, credits: 0 });
    await backend.mutation(internal.usage.holds.sweep, {});
    expect(await credits()).toMatchObject({ held: 0, spent: 0, openJobs: 0 });
    await waitFor(async () => expect((await services.models()).videos).toEqual([]));
  });

  it("and comes back late finds that the job is no longer its own, and its bytes are deleted", async () => {
    const jobId = await deserted("image", "storing");
    await backend.mutation(internal.media.making.failed, { jobId, step: 7, error: "abandoned" });
    const me = await ada.query(api.account.me, {});
    const job = await backend.run((ctx) => ctx.db.get("mediaJobs", jobId));
    const home = { ownerId: me?.userId as Id<"users">, workspaceId: job?.workspaceId as Id<"workspaces"> };
    await backend.mutation(internal.media.reservations.reserve, { ...home, key: "late" });
    const bytes = new ArrayBuffer(1);
    const stored = {
      key: "late",
      sealedKey: bytes,
      header: bytes,
      commitment: bytes,
      mime: "image/png",
      contentBytes: 1,
    };
    await backend.mutation(internal.media.making.made, { jobId, step: 7, stored, sealedName: bytes });
    expect(await jobOf(jobId)).toMatchObject({ state: "failed", mediaId: null });
    await waitFor(async () => expect(await leavings()).toEqual(nothing));
  });
});

describe("a line of jobs", () => {
  const placeOf = (jobId: string, person = ada) => person.query(api.media.place, { jobId });

  it("[A18] tells each waiting job how many begin before it, whoever asked for them, and only its owner", async () => {
    vi.stubEnv("MEDIA_PARALLELISM", "1");
    await services.plan({ workMs: 600_000 });
    const bob = await signedIn(backend, "Bob");
    const first = await order(bob, { kind: "video" });
    await reaches(first.jobId, "running", bob);
    const second = await order(ada, { kind: "video" });
    await vi.advanceTimersByTimeAsync(1);
    const third = await order(bob, { kind: "video" });
    await vi.advanceTimersByTimeAsync(1);
    const last = await order(ada, { kind: "video" });
    expect(await placeOf(first.jobId, bob)).toBe(null);
    expect(await placeOf(second.jobId)).toBe(0);
    expect(await placeOf(third.jobId, bob)).toBe(1);
    expect(await placeOf(last.jobId)).toBe(2);
    expect(await refusalOf(placeOf(last.jobId, bob))).toBe("not_found");

    await ada.mutation(api.media.cancel, { jobId: second.jobId });
    expect(await placeOf(last.jobId)).toBe(1);
    for (const { jobId } of [third, first]) await bob.mutation(api.media.cancel, { jobId });
    await ada.mutation(api.media.cancel, { jobId: last.jobId });
  });

  it("is counted to fifty and no further, however long it is", async () => {
    vi.stubEnv("MEDIA_PARALLELISM", "1");
    const { jobId } = await order(ada, { kind: "video" });
    await ada.mutation(api.media.cancel, { jobId });
    const last = await backend.run(async (ctx) => {
      const { _id, _creationTime, ...job } = (await ctx.db.get("mediaJobs", jobId)) as Doc<"mediaJobs">;
      const inserted = [];
      for (let changedAt = 0; changedAt <= PLACES_COUNTED + 10; changedAt++) {
        inserted.push(
          await ctx.db.insert("mediaJobs", { ...job, state: "queued", recordId: `r${changedAt}`, changedAt }),
        );
      }
      return inserted.at(-1) as Id<"mediaJobs">;
    });
    expect(await placeOf(last)).toBe(PLACES_COUNTED);
  });
});

describe("what is asked for", () => {
  it.each([
    ["an empty prompt", { prompt: "  " }, "invalid"],
    ["a prompt of 4,001 characters", { prompt: "x".repeat(4_001) }, "invalid"],
    ["a size without a price", { options: { size: "640x480" } }, "invalid"],
    ["a size that every object has", { options: { size: "constructor" } }, "invalid"],
    ["a video without an end", { kind: "video" as const, options: { seconds: 1_000 } }, "invalid"],
    ["a video of no length", { kind: "video" as const, options: { seconds: 0 } }, "invalid"],
    ["a video of half a second", { kind: "video" as const, options: { seconds: 0.5 } }, "invalid"],
  ])("is refused for %s, before anything is held", async (_what, wanted, code) => {
    expect(await refusalOf(order(ada, wanted))).toBe(code);
    expect(await credits()).toMatchObject({ held: 0, openJobs: 0 });
  });

  it("is refused for a model that nobody has, and where no provider is set up", async () => {
    const asked = { requestId: "r", kind: "image", prompt: "a heron", model: "nobody" } as const;
    expect(await refusalOf(ada.mutation(api.media.request, asked))).toBe("invalid");
    vi.stubEnv("IMAGE_PROVIDER", "");
    expect(await refusalOf(order(ada))).toBe("unavailable");
    vi.stubEnv("IMAGE_PROVIDER", "somebody");
    expect(await refusalOf(order(ada))).toBe("unavailable");
  });

  it("[A18] is nobody else's: a stranger finds no job, and cannot cancel or repeat it", async () => {
    const bob = await signedIn(backend, "Bob");
    const { jobId } = await order(ada);
    await ended(jobId);
    expect(await refusalOf(jobOf(jobId, bob))).toBe("not_found");
    expect(await refusalOf(bob.mutation(api.media.cancel, { jobId }))).toBe("not_found");
    expect(await refusalOf(bob.mutation(api.media.retry, { jobId }))).toBe("not_found");
    const { page } = await bob.query(api.media.jobs, { paginationOpts: { numItems: 5, cursor: null } });
    expect(page).toEqual([]);
  });

  it("goes with its medium: removing what was made removes the job", async () => {
    const { jobId } = await order(ada);
    const { mediaId } = await ended(jobId);
    await ada.mutation(api.media.remove, { mediaId: mediaId as string });
    expect(await refusalOf(jobOf(jobId))).toBe("not_found");
    await waitFor(async () => expect(await leavings()).toEqual(nothing));
  });
});
