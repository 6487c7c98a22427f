/** The commands of operators, run on the functions under test. */
import { type FunctionReference, getFunctionName } from "convex/server";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Command, Flags } from "../../scripts/ops/command.ts";
import type { Deployment } from "../../scripts/ops/deployment.ts";
import { erasureStatus } from "../../scripts/ops/erasureStatus.ts";
import { hold } from "../../scripts/ops/hold.ts";
import { inbox } from "../../scripts/ops/inbox.ts";
import { orphans } from "../../scripts/ops/orphans.ts";
import { outbox } from "../../scripts/ops/outbox.ts";
import { receipts } from "../../scripts/ops/receipts.ts";
import { reconcile } from "../../scripts/ops/reconcile.ts";
import { retentionPreview } from "../../scripts/ops/retentionPreview.ts";
import { rotateKeys } from "../../scripts/ops/rotateKeys.ts";
import { CLOCK_ERROR_MS, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { fillEveryTable, join, type Member, readAll, settled, startWorld, type World } from "../erasure/world.ts";
import { type Backend, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say } from "../support/chats.ts";

useBackendEnvironment();
// Real sockets.
vi.setConfig({ testTimeout: 30_000 });

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

let world: World;
let backend: Backend;
let ada: Member;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

beforeEach(async () => {
  world.stubEnvironment();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  vi.spyOn(console, "error").mockImplementation(() => {});
  backend = startBackend();
  ada = await join(world, backend, "Ada Lovelace");
});

/** Which kind of function each that a command calls is, so that the one under test is called as a deployment would. */
const ACTIONS = ["encryption/rotation:rewrapNext", "erasure/identity:compare"];
const MUTATIONS = /:(sweep|resumeSilent|kick|beginPass|begin|place|review|lift)$/;

function call(called: FunctionReference<"query" | "mutation" | "action", "internal">, args: Record<string, unknown>) {
  const name = getFunctionName(called);
  if (ACTIONS.includes(name)) return backend.action(called as FunctionReference<"action", "internal">, args);
  if (MUTATIONS.test(name)) return backend.mutation(called as FunctionReference<"mutation", "internal">, args);
  return backend.query(called as FunctionReference<"query", "internal">, args);
}

/** Runs a command; gives its exit code and what it printed. */
async function run(command: Command, subjects: string[] = [], flags: Partial<Flags> = {}) {
  const printed: string[] = [];
  const deployment = { call } as unknown as Deployment;
  const print = (line: string) => void printed.push(line);
  const code = await command.run({ apply: false, lift: false, ...flags, deployment, subjects, print });
  return { code, printed: printed.join("\n") };
}

const applied = (command: Command, subjects: string[] = [], flags: Partial<Flags> = {}) =>
  run(command, subjects, { ...flags, apply: true });
const erase = ({ person }: Member) => person.action(api.account.erase, { confirm: "erase" });
const countOf = async (table: string) => (await readAll(backend))[table]?.length ?? 0;

describe("npm run ops -- retention-preview", () => {
  it("counts what goes when, and sweeps what is due with --apply alone", async () => {
    const { threadId } = await say(ada.person, "Old");
    const retentionClockAt = Date.now() - UNPINNED_THREAD_MS - CLOCK_ERROR_MS;
    await backend.run((ctx) => ctx.db.patch("threads", threadId, { retentionClockAt }));
    const dry = await run(retentionPreview);
    expect(dry.printed).toContain("not swept yet, or kept by a restriction or a hold: 1\nwithin 24 hours: 0");
    await settled(backend);
    expect(await countOf("threads")).toBe(1);
    await applied(retentionPreview);
    await settled(backend);
    expect(await countOf("threads")).toBe(0);
  });
});

describe("npm run ops -- erasure-status", () => {
  it("says how far each erasure is, and exits 1 while one takes longer than a day", async () => {
    expect(await run(erasureStatus)).toEqual({ code: 0, printed: "No erasure is under way." });
    await fillEveryTable(backend, ada);
    await erase(ada);
    const { code, printed } = await run(erasureStatus);
    expect(code).toBe(0);
    expect(printed).toMatch(/removing: \d+ rows gone, .* at the identity provider; asked for .* by person/);
    expect(printed).not.toContain(ada.identityId);
    vi.setSystemTime(Date.now() + DAY_MS + HOUR_MS);
    expect((await run(erasureStatus)).code).toBe(1);
    await applied(erasureStatus);
    await settled(backend);
    expect(await run(erasureStatus)).toEqual({ code: 0, printed: "No erasure is under way." });
  });
});

describe("npm run ops -- outbox and orphans", () => {
  const note = (attempts: number) =>
    backend.run((ctx) =>
      ctx.db.insert("objectDeletes", {
        key: `k${attempts}`,
        askedAt: Date.now() - 3 * HOUR_MS,
        notBeforeAt: 0,
        attempts,
      }),
    );

  it("outbox says what waits and for how long, exits 1 while something is stuck, and drains with --apply", async () => {
    await note(1);
    expect(await run(outbox)).toMatchObject({
      code: 0,
      printed: expect.stringContaining("The oldest has waited for 3 h"),
    });
    await note(12);
    expect(await run(outbox)).toMatchObject({
      code: 1,
      printed: expect.stringContaining("Files that wait: 2, tried ten times or more: 1"),
    });
    await settled(backend);
    expect(await countOf("objectDeletes")).toBe(2);
    await applied(outbox);
    await settled(backend);
    expect(await countOf("objectDeletes")).toBe(0);
  });

  it("orphans tells files without rows from rows without files, and looks with --apply", async () => {
    await fillEveryTable(backend, ada);
    await backend.run(async (ctx) => {
      const object = await ctx.db.query("objects").first();
      if (object) await ctx.db.patch("objects", object._id, { missingSinceAt: Date.now() });
      await ctx.db.insert("strayObjects", { key: "nobody's", seenAt: Date.now() - HOUR_MS });
    });
    expect(await run(orphans)).toEqual({
      code: 1,
      printed: "Files without a row, marked by the last pass: 1\nRows whose file the bucket has lost: 1",
    });
    expect(await countOf("strayObjects")).toBe(1);
    await applied(orphans);
    await settled(backend, 40);
    expect(await countOf("strayObjects")).toBe(0);
  });
});

describe("npm run ops -- reconcile", () => {
  it("counts who is gone at the identity provider, and lets the look erase them with --apply alone", async () => {
    await world.clerk.users.deleteUser(ada.identityId);
    await join(world, backend, "Bob Ross");
    const dry = await run(reconcile);
    expect(dry).toEqual({
      code: 0,
      printed: "Accounts: 2, not found at the identity provider: 1, believed at most: 20",
    });
    await settled(backend);
    expect(await countOf("users")).toBe(2);
    await applied(reconcile);
    await settled(backend);
    expect(await countOf("users")).toBe(1);
  });

  it("says where the provider does not answer, and erases nobody", async () => {
    await world.troubleIdentity({ failNext: 3, failStatus: 500 });
    await expect(run(reconcile)).rejects.toThrow("does not answer");
    await world.troubleIdentity({ reset: true });
    expect(await countOf("erasureJobs")).toBe(0);
  });
});

describe("npm run ops -- rotate-keys", () => {
  const root = (byte: number) => Buffer.alloc(32, byte).toString("base64");

  it("says what may leave the ring, wraps anew with --apply alone, and exits 1 where a key is missing", async () => {
    vi.stubEnv("CRYPTO_KEYRING", JSON.stringify({ k1: root(7), k2: root(8) }));
    vi.stubEnv("CRYPTO_ACTIVE_KID", "k2");
    expect((await run(rotateKeys)).printed).toBe(
      "k1: wraps 1 of people's keys and must stay in the ring\nk2: wraps 0 of people's keys and is the active one",
    );
    vi.stubEnv("CRYPTO_KEYRING", JSON.stringify({ k2: root(8) }));
    expect(await run(rotateKeys)).toMatchObject({
      code: 1,
      printed: expect.stringContaining("k1: wraps 1 of people's keys and is MISSING"),
    });
    vi.stubEnv("CRYPTO_KEYRING", JSON.stringify({ k1: root(7), k2: root(8) }));
    expect((await applied(rotateKeys)).printed).toBe(
      "Keys wrapped anew: 1\nk1: wraps 0 of people's keys and may leave the ring\nk2: wraps 1 of people's keys and is the active one",
    );
  });
});

describe("npm run ops -- inbox", () => {
  it("counts what came by what became of it, and exits 1 while something is parked", async () => {
    expect(await run(inbox)).toEqual({ code: 0, printed: "applied: 0\nparked: 0\ndropped: 0" });
    await fillEveryTable(backend, ada);
    const { code, printed } = await run(inbox);
    expect([code, printed]).toEqual([1, expect.stringContaining("parked: 1\ndropped: 0\n")]);
    expect(printed).not.toContain(ada.identityId);
  });

  it("exits 1, with a date, while nothing comes though an account was made", async () => {
    vi.setSystemTime(Date.now() + HOUR_MS);
    const { code, printed } = await run(inbox);
    expect([code, printed]).toEqual([1, expect.stringMatching(/NOTHING HAS COME since \d{4}-/)]);
  });
});

describe("npm run ops -- receipts", () => {
  it("verifies the chain, and exits 1 where it is broken", async () => {
    await erase(ada);
    await settled(backend);
    const verified = await run(receipts);
    expect(verified).toMatchObject({
      code: 0,
      printed: expect.stringMatching(/^1 .* intact\nReceipts: 1, broken: 0$/),
    });
    await backend.run(async (ctx) => {
      const receipt = await ctx.db.query("erasureReceipts").first();
      if (receipt) await ctx.db.patch("erasureReceipts", receipt._id, { origin: "webhook" });
    });
    expect(await run(receipts)).toMatchObject({ code: 1, printed: expect.stringContaining("BROKEN") });
    await expect(run(receipts, ["first"])).rejects.toThrow("no number");
  });
});

describe("npm run ops -- hold", () => {
  const day = (ms: number) => new Date(Date.now() + ms).toISOString().slice(0, 10);

  it("places, lists, reviews and lifts, each with --apply alone", async () => {
    const flags = { matter: "2026/17", review: day(60 * DAY_MS) };
    expect((await run(hold, ["place", ada.identityId], flags)).printed).toMatch(/^new 2026\/17: account held since/);
    expect((await run(hold)).printed).toBe("Nothing is held.");
    const { threadId: chat } = await say(ada.person, "Held");
    const { printed } = await applied(hold, ["place", ada.identityId], { ...flags, chat });
    expect(printed).toMatch(/2026\/17: chat held since .*, to be reviewed by \d{4}-/);
    const [held] = await backend.query(internal.legalHolds.placing.list, {});
    const holdId = held?.holdId ?? "";
    vi.setSystemTime(Date.now() + 61 * DAY_MS);
    expect(await run(hold)).toMatchObject({ code: 1, printed: expect.stringContaining("(OVERDUE)") });
    await applied(hold, ["review", holdId], { review: day(60 * DAY_MS) });
    expect((await run(hold)).code).toBe(0);
    await applied(hold, ["lift", holdId]);
    expect((await run(hold)).printed).toBe("Nothing is held.");
  });

  it.each([
    [["place"], {}, "Whom or which"],
    [["place", "user_x"], {}, "--matter"],
    [["place", "user_x"], { matter: "1" }, "--review"],
    [["place", "user_x"], { matter: "1", review: "soon" }, "no day such as"],
    [["place", "user_x"], { matter: "1", review: "2999-01-01" }, "at most 90 days"],
    [["forget", "it"], {}, "place, review or lift"],
    [["lift", "nothing"], {}, "no hold"],
  ])("says what it takes when it is given %j and %j", async (subjects, flags, message) => {
    await expect(applied(hold, subjects, flags)).rejects.toThrow(message);
  });
});
