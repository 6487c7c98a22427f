/** An archive is brought into an empty account and exported again: what comes out is what went in. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { crc32 } from "node:zlib";
import { type FunctionReference, getFunctionName } from "convex/server";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import type { Deployment } from "../../scripts/ops/deployment.ts";
import { importExport } from "../../scripts/ops/importExport.ts";
import { type Imported, importArchive } from "../../scripts/ops/importing.ts";
import { openPersonArchive } from "../../scripts/ops/personArchive.ts";
import { UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { directory, entryHeader, entryTrailer, type ZipEntry } from "../../src/shared/zip.ts";
import { startBucket, type TestBucket } from "../media/bucket.ts";
import { png } from "../media/files.ts";
import { quiet, uploadFile } from "../media/library.ts";
import {
  type Backend,
  type Person,
  readMessages,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { say } from "../support/chats.ts";
import { rowsOf, unzip } from "./archive.ts";

useBackendEnvironment();
vi.setConfig({ testTimeout: 30_000 });

const SECTIONS = ["threads", "messages", "media", "jobs", "usage"] as const;
/** More than three segments of a sealed object. */
const FILE_BYTES = 800_000;

let bucket: TestBucket;
let backend: Backend;
let ada: Person;
let dir: string;

beforeAll(async () => {
  bucket = await startBucket();
});
afterAll(() => bucket.close());

beforeEach(async () => {
  bucket.stubEnvironment();
  vi.stubEnv("CHAT_MODELS", JSON.stringify([{ id: "small", label: "Small", images: true }]));
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  await bucket.empty();
  backend = startBackend();
  ada = await signedIn(backend);
  dir = mkdtempSync(path.join(os.tmpdir(), "noruxa-import-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
});

const ACTIONS = /imports\/files:reserve$/;
const QUERIES = /imports\/owner:find$/;

const deployment = {
  call: (called: FunctionReference<"query" | "mutation" | "action", "internal">, args: Record<string, unknown>) => {
    const name = getFunctionName(called);
    if (ACTIONS.test(name)) return backend.action(called as FunctionReference<"action", "internal">, args);
    if (QUERIES.test(name)) return backend.query(called as FunctionReference<"query", "internal">, args);
    return backend.mutation(called as FunctionReference<"mutation", "internal">, args);
  },
} as unknown as Deployment;

/**
 * A deployment that whoever imports cannot reach any more after so many calls: the last was done, and not answered. After
 * the very last there is nothing left to do.
 */
function dyingAfter(calls: number): Deployment {
  let called = 0;
  const call = async (...of: Parameters<Deployment["call"]>) => {
    const answer = await deployment.call(...of);
    called += 1;
    if (called === calls && !getFunctionName(of[0]).endsWith(":finish")) throw new Error("This import is dead");
    return answer;
  };
  return { call } as Deployment;
}

/** A deployment that does something before the first call of a function. */
function interruptedBefore(name: string, act: () => Promise<unknown>): Deployment {
  let isDue = true;
  const call = async (...of: Parameters<Deployment["call"]>) => {
    const isNow = isDue && getFunctionName(of[0]).endsWith(name);
    if (isNow) isDue = false;
    if (isNow) await act();
    return deployment.call(...of);
  };
  return { call } as Deployment;
}

const find = (identityId: string, archive = "of another") =>
  backend.query(internal.imports.owner.find, { identityId, archive });

/** Has a person's archive written, and saves it as a file. */
async function exportTo(file: string, person: Person): Promise<Map<string, Buffer>> {
  await person.mutation(api.privacy.export, {});
  await quiet(backend);
  const [newest] = await person.query(api.privacy.exports, {});
  const answer = await person.fetch(`/exports/${newest?.exportId}`, { headers: { Authorization: "Bearer test" } });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  writeFileSync(file, bytes);
  return unzip(bytes);
}

async function bringOver(file: string, identityId: string, through = deployment): Promise<Imported> {
  const archive = await openPersonArchive(file);
  try {
    const target = await find(identityId, archive.digest);
    return await importArchive({ deployment: through, archive, target, importId: crypto.randomUUID() });
  } finally {
    archive.close();
    await quiet(backend);
  }
}

/** What differs between two archives of the same by what they are, not by what was lost. */
const OWN = ["thumbnail", "providerRequestId"];
/** The section whose rows nothing names: their ids are nobody's concern. */
const NAMELESS = "usage";

/** A section's rows by their ids, as they are after `ids` were taken for the old ones. */
function comparable(contents: Map<string, Buffer>, section: string, ids: ReadonlyMap<string, string> = new Map()) {
  const text = JSON.stringify(rowsOf(contents, section)).replace(/[0-9a-zA-Z]{16,}/g, (word) => ids.get(word) ?? word);
  const rows = (JSON.parse(text) as Record<string, unknown>[]).map((row) => {
    const kept = Object.entries(row).filter(
      ([name]) => !OWN.includes(name) && !(section === NAMELESS && name === "id"),
    );
    return Object.fromEntries(kept);
  });
  return rows.toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
}

/** What was consented to and withdrawn, which nothing names. */
function consentsOf(contents: Map<string, Buffer>): object[] {
  return rowsOf(contents, "consents").map(({ purpose, given, textVersion, at }) => ({
    purpose,
    given,
    textVersion,
    at,
  }));
}

/** A chat with branches and alternatives, a pinned one, files in and out of chats, an order and what it used. */
async function live(person: Person): Promise<{ threadId: Id<"threads"> }> {
  await person.mutation(api.account.update, { name: "Ada Lovelace", settings: { theme: "dark" } });
  for (const given of [true, false, true])
    await person.mutation(api.privacy.setConsent, { purpose: "news", given, textVersion: 1 });
  const inChat = await uploadFile(person, await png(), { name: "moon.png", type: "image/png" });
  const requestId = crypto.randomUUID();
  const sent = await person.mutation(api.messages.send, {
    requestId,
    text: "What are tides?",
    attachmentIds: [inChat],
  });
  await person.mutation(api.messages.stop, { messageId: sent.replyId });
  const { threadId } = sent;
  const edited = await person.mutation(api.messages.edit, {
    messageId: sent.messageId,
    text: "What are tides, really?",
  });
  await person.mutation(api.messages.stop, { messageId: edited.replyId });
  const again = await person.mutation(api.messages.regenerate, { messageId: edited.replyId });
  await person.mutation(api.messages.stop, { messageId: again.replyId });
  const { threadId: pinned } = await say(person, "Keep this");
  await person.mutation(api.threads.setPinned, { threadId: pinned, pinned: true });
  await person.mutation(api.threads.rename, { threadId: pinned, title: "Kept" });
  const inLibrary = await uploadFile(person, new TextEncoder().encode("words ".repeat(FILE_BYTES / 6)), {
    name: "notes.txt",
    type: "text/plain",
  });
  await backend.run(async (ctx) => {
    await ctx.db.patch("media", inLibrary, { state: "kept" });
    const user = await ctx.db.query("users").first();
    const reply = await ctx.db.get("messages", again.replyId);
    if (!user?.workspaceId || !reply) throw new Error("The account is not complete");
    const of = { ownerId: user._id, workspaceId: user.workspaceId };
    const used = {
      subject: `reply:${reply._id}`,
      kind: "chat",
      model: "small",
      credits: 3,
      source: "provider",
    } as const;
    await ctx.db.insert("usageEvents", { ownerId: of.ownerId, ...used, inputTokens: 5, startedAt: 1, endedAt: 2 });
    const { Vault } = await import("../../convex/encryption/vault.ts");
    const { sealPrompt } = await import("../../convex/media/prompts.ts");
    const seal = await new Vault(ctx.db).sealOf({ ownerId: of.ownerId, threadId });
    if (!seal) throw new Error("The chat has no key");
    const order = { kind: "image", model: "painter", options: { size: "1x1" }, state: "done", progress: 1 } as const;
    const counts = { attempt: 1, step: 4, provider: "openai", credits: 40, createdAt: 5, changedAt: 6 } as const;
    const sealedPrompt = await sealPrompt(seal, "an order", "A lighthouse");
    const jobId = await ctx.db.insert("mediaJobs", {
      ...of,
      threadId,
      recordId: "an order",
      ...order,
      ...counts,
      sealedPrompt,
      mediaId: inChat,
      replyId: again.replyId,
      providerRequestId: "req_1",
    });
    await ctx.db.patch("messages", again.replyId, { jobId });
  });
  return { threadId };
}

describe("an archive that is brought into an empty account", () => {
  it("[A13] comes out again as it went in: chats, branches, alternatives, files, orders, pins and history", async () => {
    const { threadId } = await live(ada);
    const first = await exportTo(path.join(dir, "first.zip"), ada);
    const bob = await signedIn(backend, "Bob");
    const { ids, counts } = await bringOver(path.join(dir, "first.zip"), "user_bob");
    expect(counts).toMatchObject({ chats: 2, messages: 7, files: 2, orders: 1 });
    const second = await exportTo(path.join(dir, "second.zip"), bob);

    for (const section of SECTIONS)
      expect(withoutForkIds(comparable(second, section))).toEqual(withoutForkIds(comparable(first, section, ids)));
    expect(forksOf(second)).toEqual(forksOf(first, ids));
    for (const row of rowsOf(first, "media")) {
      const name = String(row.file);
      const renamed = name.replace(/[0-9a-zA-Z]{16,}/, (id) => ids.get(id) ?? id);
      expect(second.get(renamed)?.equals(first.get(name) ?? Buffer.alloc(0))).toBe(true);
    }
    expect(rowsOf(second, "account")).toMatchObject([
      { name: "Ada Lovelace", settings: { theme: "dark" }, consents: [{ purpose: "news", given: true }] },
    ]);
    expect(consentsOf(second)).toEqual(consentsOf(first));
    expect(consentsOf(second)).toMatchObject([{ given: true }, { given: false }, { given: true }]);
    const entries = rowsOf(first, "credits").map(({ kind, credits, at, after }) => ({ kind, credits, at, after }));
    expect(rowsOf(second, "history")).toMatchObject(entries);
    expect((await bob.query(api.account.me, {}))?.credits.balance).toBe(2_000);

    const messages = await readMessages(bob, ids.get(threadId) ?? "");
    const asked = messages.at(-1);
    expect(asked).toMatchObject({ text: "What are tides, really?", siblings: [expect.any(String), asked?._id] });
    await say(bob, "And it goes on", ids.get(threadId) as Id<"threads">);
  });

  it("[A13] survives two moves: what was history stays so", async () => {
    await live(ada);
    const first = await exportTo(path.join(dir, "first.zip"), ada);
    const bob = await signedIn(backend, "Bob");
    await bringOver(path.join(dir, "first.zip"), "user_bob");
    await exportTo(path.join(dir, "second.zip"), bob);
    const eve = await signedIn(backend, "Eve");
    await bringOver(path.join(dir, "second.zip"), "user_eve");
    const third = await exportTo(path.join(dir, "third.zip"), eve);
    expect(
      rowsOf(third, "messages")
        .map(({ text }) => text)
        .toSorted(),
    ).toEqual(
      rowsOf(first, "messages")
        .map(({ text }) => text)
        .toSorted(),
    );
    const kinds = (contents: Map<string, Buffer>, section: string) => rowsOf(contents, section).length;
    expect(kinds(third, "history")).toBe(kinds(first, "credits") + kinds(await unzipped("second.zip"), "credits"));
  });

  it("[A6] [A7] keeps pins and clocks, and lets a chat past its period begin a new one", async () => {
    const { threadId } = await live(ada);
    // Moved by little, since the bucket goes by the real time.
    const almostOver = { retentionClockAt: Date.now() - UNPINNED_THREAD_MS + 30_000 };
    await backend.run((ctx) => ctx.db.patch("threads", threadId, almostOver));
    await exportTo(path.join(dir, "first.zip"), ada);
    vi.setSystemTime(Date.now() + 60_000);
    await signedIn(backend, "Bob");
    const beganMs = Date.now();
    const { ids } = await bringOver(path.join(dir, "first.zip"), "user_bob");
    const brought = await backend.run((ctx) => ctx.db.get("threads", ids.get(threadId) as Id<"threads">));
    const original = await backend.run((ctx) => ctx.db.get("threads", threadId));
    expect(brought?.retentionClockAt).toBeGreaterThanOrEqual(beganMs);
    expect(brought?.lastActivityAt).toBe(original?.lastActivityAt);
  });

  it("[A13] goes on where it was cut off, after whichever call, and comes out as if it never had been", async () => {
    await live(ada);
    const file = path.join(dir, "first.zip");
    const first = await exportTo(file, ada);
    const bob = await signedIn(backend, "Bob");
    let deaths = 0;
    let imported: Imported | undefined;
    while (!imported) {
      deaths += 1;
      imported = await bringOver(file, "user_bob", dyingAfter(deaths)).catch((error: Error) => {
        expect(error.message).toBe("This import is dead");
        return undefined;
      });
    }
    expect(deaths).toBeGreaterThan(8);
    const second = await exportTo(path.join(dir, "second.zip"), bob);
    for (const section of SECTIONS)
      expect(withoutForkIds(comparable(second, section))).toEqual(
        withoutForkIds(comparable(first, section, imported.ids)),
      );
    expect(forksOf(second)).toEqual(forksOf(first, imported.ids));
    expect(rowsOf(second, "history")).toHaveLength(rowsOf(first, "credits").length);
    expect(consentsOf(second)).toEqual(consentsOf(first));
    expect(await backend.run((ctx) => ctx.db.query("imports").collect())).toEqual([]);
    // What was reserved for a file that died on its way is given up with a day, as any reservation is.
    vi.setSystemTime(Date.now() + 25 * 60 * 60_000);
    await backend.mutation(internal.media.reservations.sweep, {});
    await quiet(backend);
    const named = await backend.run(async ({ db }) => [
      ...(await db.query("objects").collect()),
      ...(await db.query("exportPieces").collect()),
    ]);
    expect(new Set(await bucket.keys())).toEqual(new Set(named.map(({ key }) => key)));
  });

  it("takes no other archive before it has come to its end, and keeps what was written meanwhile", async () => {
    await live(ada);
    const file = path.join(dir, "first.zip");
    await exportTo(file, ada);
    const bob = await signedIn(backend, "Bob");
    await expect(bringOver(file, "user_bob", dyingAfter(3))).rejects.toThrow("dead");
    await say(bob, "Bob's own words");
    await expect(find("user_bob")).rejects.toThrow("Another archive");
    await bringOver(file, "user_bob");
    const { page } = await bob.query(api.threads.list, {
      view: "recent",
      paginationOpts: { numItems: 10, cursor: null },
    });
    expect(page).toHaveLength(3);
    await expect(bringOver(file, "user_bob")).rejects.toThrow("not empty");
  });

  describe("of which its person deletes something before all of it is there", () => {
    let file: string;
    let first: Map<string, Buffer>;
    let bob: Person;

    beforeEach(async () => {
      await live(ada);
      file = path.join(dir, "first.zip");
      first = await exportTo(file, ada);
      bob = await signedIn(backend, "Bob");
    });

    const dies = async () => {
      throw new Error("This import is dead");
    };
    const page = { paginationOpts: { numItems: 10, cursor: null } };
    const chatsOf = async (person: Person) =>
      (await person.query(api.threads.list, { view: "recent", ...page })).page.map(({ _id, title }) => ({
        _id,
        title,
      }));
    const libraryOf = async (person: Person) =>
      (await person.query(api.media.library, page)).page.map(({ mediaId }) => mediaId);
    /** The chat with branches, files and an order; the other is the pinned one. */
    const richOf = async (person: Person) => (await chatsOf(person)).find(({ title }) => title !== "Kept")?._id ?? "";
    const pinnedOf = (contents: Map<string, Buffer>) => rowsOf(contents, "threads").find(({ pinned }) => pinned);

    it.each(["files:reserve", "rows:addMessages", "rows:tie", "owner:finish"])(
      "[A6] leaves a chat gone that was deleted where it was cut off before %s, and lacks nothing else",
      async (name) => {
        await expect(bringOver(file, "user_bob", interruptedBefore(name, dies))).rejects.toThrow("dead");
        await bob.mutation(api.threads.remove, { threadId: await richOf(bob) });
        await quiet(backend);
        const { ids } = await bringOver(file, "user_bob");
        expect((await chatsOf(bob)).map(({ title }) => title)).toEqual(["Kept"]);
        const messages = await backend.run((ctx) => ctx.db.query("messages").collect());
        const forks = await backend.run((ctx) => ctx.db.query("forks").collect());
        const pinned = rowsOf(first, "messages").filter(({ threadId }) => threadId === pinnedOf(first)?.id);
        expect(messages).toHaveLength(rowsOf(first, "messages").length + pinned.length);
        expect(forks).toHaveLength(forksOf(first).length);
        expect(pinned.every(({ id }) => ids.has(String(id)))).toBe(true);
        expect(await libraryOf(bob)).toHaveLength(1);
        expect(await backend.run((ctx) => ctx.db.query("imports").collect())).toEqual([]);
      },
    );

    it("[A6] goes on without a chat that is deleted while it runs", async () => {
      const removes = async () => bob.mutation(api.threads.remove, { threadId: await richOf(bob) });
      await bringOver(file, "user_bob", interruptedBefore("rows:addMessages", removes));
      expect((await chatsOf(bob)).map(({ title }) => title)).toEqual(["Kept"]);
      expect(await find("user_bob").catch(({ message }: Error) => message)).toContain("not empty");
    });

    it("leaves a file gone that was deleted", async () => {
      await expect(bringOver(file, "user_bob", interruptedBefore("rows:addMessages", dies))).rejects.toThrow("dead");
      for (const mediaId of await libraryOf(bob)) await bob.mutation(api.media.remove, { mediaId });
      await quiet(backend);
      await bringOver(file, "user_bob");
      expect(await libraryOf(bob)).toEqual([]);
      expect(await chatsOf(bob)).toHaveLength(2);
    });

    it("waits while a deletion can be undone, and then lacks nothing", async () => {
      await expect(bringOver(file, "user_bob", interruptedBefore("rows:addMessages", dies))).rejects.toThrow("dead");
      const [threadId, undoKey] = [await richOf(bob), "k".repeat(32)];
      await bob.mutation(api.threads.remove, { threadId, undoKey });
      const archive = await openPersonArchive(file);
      onTestFinished(() => archive.close());
      const target = await find("user_bob", archive.digest);
      const again = () => importArchive({ deployment, archive, target, importId: "of nobody" });
      await expect(again()).rejects.toThrow("still be brought back");
      await bob.mutation(api.threads.restore, { threadId, undoKey });
      const { counts } = await again();
      expect(counts).toMatchObject({ chats: 2, messages: 7, files: 2, orders: 1 });
    });
  });

  it("is refused where the account is not empty, not live or not there", async () => {
    await expect(find("user_nobody")).rejects.toThrow("sign in first");
    await say(ada, "Not empty");
    await expect(find("user_ada")).rejects.toThrow("not empty");
    const bob = await signedIn(backend, "Bob");
    await bob.mutation(api.account.close, {});
    await expect(find("user_bob")).rejects.toThrow("not live");
  });

  async function unzipped(name: string): Promise<Map<string, Buffer>> {
    const { readFileSync } = await import("node:fs");
    return unzip(readFileSync(path.join(dir, name)));
  }
});

describe("npm run ops -- import-export", () => {
  async function run(file: string, apply: boolean, identityId = "user_bob") {
    const printed: string[] = [];
    const print = (line: string) => void printed.push(line);
    await importExport.run({ deployment, subjects: [file], user: identityId, apply, lift: false, print });
    return printed.join("\n");
  }

  it("verifies the archive and writes nothing without --apply", async () => {
    await live(ada);
    const file = path.join(dir, "first.zip");
    await exportTo(file, ada);
    await signedIn(backend, "Bob");
    expect(await run(file, false)).toBe("The archive is whole, and the account is empty.");
    expect(await find("user_bob")).toBeTruthy();
    const printed = await run(file, true);
    expect(printed).toContain("Brought over: chats 2, messages 7, files 2, orders 1");
    expect(printed).toContain("Left out, as what another deployment recorded: the subscription");
  });

  it.each([
    ["a file was changed", { "threads/00001.json": "[]" }, "threads/00001.json is not as it was written"],
    ["a file is missing", { "threads/00001.json": null }, "The archive lacks threads/00001.json"],
    ["a file was added", { "threads/00002.json": "[]" }, "does not list: threads/00002.json"],
    ["it has no manifest", { "manifest.json": null }, "no manifest.json"],
    [
      "it is of another version",
      { "manifest.json": '{"format":"noruxa-export","version":9}' },
      "another kind or version",
    ],
  ])("refuses an archive before it writes anything where %s", async (_what, changes, message) => {
    await live(ada);
    const contents = await exportTo(path.join(dir, "first.zip"), ada);
    for (const [name, text] of Object.entries<string | null>(changes)) {
      if (text === null) contents.delete(name);
      else contents.set(name, Buffer.from(text));
    }
    const file = path.join(dir, "changed.zip");
    writeFileSync(file, zipOf(contents));
    await signedIn(backend, "Bob");
    await expect(run(file, true)).rejects.toThrow(message);
    expect(await find("user_bob")).toBeTruthy();
  });

  it("refuses what is no ZIP file", async () => {
    const file = path.join(dir, "none.zip");
    writeFileSync(file, "nothing of the kind");
    await expect(run(file, true)).rejects.toThrow("not a ZIP file");
  });
});

/** Forks get ids of their own, which nothing but the messages in them names. */
function withoutForkIds(rows: Record<string, unknown>[]) {
  return rows.map(({ forkId, forks, ...row }) => ({
    ...row,
    isForked: forkId !== undefined,
    forks: (forks as [])?.length,
  }));
}

/** The alternatives at each place where a chat forks. */
function forksOf(contents: Map<string, Buffer>, ids: ReadonlyMap<string, string> = new Map()): string[] {
  const forks = rowsOf(contents, "threads").flatMap((row) => row.forks as { messageIds: string[] }[]);
  return forks.map(({ messageIds }) => messageIds.map((id) => ids.get(id) ?? id).join()).toSorted();
}

function zipOf(contents: Map<string, Buffer>): Uint8Array {
  const entries: ZipEntry[] = [];
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const add = (chunk: Uint8Array) => {
    chunks.push(chunk);
    offset += chunk.length;
  };
  for (const [name, content] of contents) {
    const entry = { name, offset, contentBytes: content.length, crc32: crc32(content) };
    add(entryHeader(name, 0));
    add(content);
    add(entryTrailer(entry));
    entries.push(entry);
  }
  add(directory(entries, offset, 0));
  return Buffer.concat(chunks);
}
