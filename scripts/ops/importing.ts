/** Brings the archive of a person into an empty account of a deployment: see [Note: Imports]. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FunctionArgs, FunctionReturnType } from "convex/server";
import { internal } from "../../convex/_generated/api.js";
import {
  commitTo,
  drawObjectSecret,
  type ObjectPlace,
  type ObjectSecret,
  sealObject,
} from "../../convex/media/objectSeal.ts";
import { sealedLength } from "../../src/shared/segments.ts";
import { Progress } from "../progress.ts";
import type { Deployment } from "./deployment.ts";
import type { ArchivedRow, PersonArchive, Section } from "./personArchive.ts";

const { owner, rows, files } = internal.imports;

/**
 * Rows and characters of one call: far below what a transaction may write. An import that was begun goes on in the pages
 * they make, so another version must make the same.
 */
const ROWS_PER_CALL = 50;
const CHARACTERS_PER_CALL = 500_000;

const CONSENT = ["purpose", "given", "textVersion", "at"];

type Target = FunctionReturnType<typeof owner.find>;
type ThreadRow = FunctionArgs<typeof rows.addThreads>["rows"][number];
type MessageRow = FunctionArgs<typeof rows.addMessages>["rows"][number];
type JobRow = FunctionArgs<typeof rows.addJobs>["rows"][number];

/** What was brought over. */
export interface Imported {
  /** The new id of each row by the one it had. */
  ids: ReadonlyMap<string, string>;
  counts: Record<"chats" | "messages" | "files" | "orders" | "records", number>;
}

interface Importing {
  deployment: Deployment;
  archive: PersonArchive;
  target: Target;
  /** Drawn for this import, where none was begun; makes the names under which its rows are sealed. */
  importId: string;
}

/**
 * Fills an empty account, or goes on with one where this archive was cut off; what was deleted there since stays so. Throws
 * where anything is refused; what was written until then stays, and the same archive can be brought over once more.
 */
export async function importArchive(importing: Importing): Promise<Imported> {
  const importId = await begin(importing);
  const run = new Import({ ...importing, importId });
  await run.addChats();
  await run.addFiles();
  await run.addOrders();
  await run.addMessages();
  await run.tie();
  await run.addRecords();
  await importing.deployment.call(owner.finish, { ownerId: importing.target.ownerId });
  return { ids: run.ids, counts: run.counts };
}

/** Begins the import with the account's own row, or finds the one that was begun; gives the id that counts. */
async function begin({ deployment, archive, target, importId }: Importing): Promise<string> {
  const of = { ownerId: target.ownerId, archive: archive.digest, importId };
  for await (const row of archive.rows("account")) {
    const { name, settings, consents, objections } = row as unknown as Record<string, ArchivedRow[]>;
    const chosen = {
      consents: (consents ?? []).map((each) => pick(each, CONSENT)),
      objections: (objections ?? []).map((each) => pick(each, ["purpose", "at"])),
    };
    const account = { ...of, name, settings, ...chosen };
    return deployment.call(owner.begin, account as unknown as FunctionArgs<typeof owner.begin>);
  }
  throw new Error("The archive says nothing of its account.");
}

class Import {
  readonly ids = new Map<string, string>();
  readonly counts = { chats: 0, messages: 0, files: 0, orders: 0, records: 0 };
  readonly #of: { ownerId: Target["ownerId"]; importId: string };
  readonly #importing: Importing;
  readonly #forks: { threadId: string; messageIds: string[] }[] = [];
  readonly #replies: { jobId: string; replyId: string }[] = [];

  constructor(importing: Importing) {
    this.#importing = importing;
    this.#of = { ownerId: importing.target.ownerId, importId: importing.importId };
  }

  async addChats(): Promise<void> {
    const fields = ["id", "title", "pinned", "lastActivityAt", "retentionClockAt", "branch", "branches"];
    await this.#inPages("threads", async (some, page) => {
      const chats = some.map((row) => pick<ThreadRow>(row, fields));
      this.counts.chats += this.#learn(some, await this.#call(rows.addThreads, { ...this.#of, page, rows: chats }));
      for (const { id: threadId, forks } of some.filter(({ id }) => this.ids.has(id))) {
        for (const { messageIds } of (forks ?? []) as { messageIds: string[] }[])
          this.#forks.push({ threadId, messageIds });
      }
    });
  }

  async addFiles(): Promise<void> {
    const progress = new Progress("files brought over");
    let page = 0;
    for await (const row of this.#importing.archive.rows("media")) {
      if (this.#isKnown(row.threadId)) this.counts.files += this.#learn([row], [await this.#addFile(row, page)]);
      page += 1;
      progress.reached(this.counts.files);
    }
    progress.end();
  }

  /** Brings a file over; null where the archive lacks its content, and where it or its chat was deleted since. */
  async #addFile(row: ArchivedRow, page: number): Promise<string | null> {
    const content = this.#importing.archive.file(String(row.file));
    if (!content) return null;
    const { ownerId, workspaceId } = this.#importing.target;
    const home = { ownerId, workspaceId, ...this.#renamed(row, ["threadId"]) };
    const of = { ...home, importId: this.#of.importId, id: row.id, page };
    const reserved = await this.#call(files.reserve, { ...of, nowMs: Date.now() });
    if ("mediaId" in reserved) return reserved.mediaId;
    const put = await this.#put(row, reserved, content);
    const said = pick<object>(row, ["name", "width", "height", "origin", "createdAt"]);
    return this.#call(files.keep, { ...of, ...said, put } as FunctionArgs<typeof files.keep>);
  }

  /** Seals a file on its way into the bucket, in the memory of a few segments; gives what opens it. */
  async #put(
    row: ArchivedRow,
    { key, url }: { key: string; url: string },
    open: () => Promise<Readable>,
  ): Promise<Put> {
    const { envId, ownerId } = this.#importing.target;
    const secret = drawObjectSecret();
    const place = { envId, key, ownerId };
    const { mime, contentBytes } = row as unknown as { mime: string; contentBytes: number };
    await putSealed(url, { secret, place, content: await open(), contentBytes });
    const { objectKey, header } = secret;
    const commitment = await commitTo(secret, place, { mime, contentBytes });
    const sealed = { objectKey: objectKey.buffer, header: header.buffer, commitment: commitment.buffer };
    return { key, mime, contentBytes, ...sealed };
  }

  async addOrders(): Promise<void> {
    const fields = [
      "id",
      "kind",
      "model",
      "prompt",
      "options",
      "state",
      "progress",
      "attempt",
      "step",
      "provider",
      "error",
    ];
    await this.#inPages("jobs", async (some, page) => {
      const known = some.filter(({ threadId }) => this.#isKnown(threadId));
      const orders = known.map((row) => ({
        ...pick<JobRow>(row, [...fields, "credits", "createdAt", "changedAt"]),
        ...this.#renamed(row, ["threadId", "mediaId"]),
      }));
      this.counts.orders += this.#learn(known, await this.#call(rows.addJobs, { ...this.#of, page, rows: orders }));
      for (const { id, replyId } of known.filter(({ id }) => this.ids.has(id))) {
        if (typeof replyId === "string") this.#replies.push({ jobId: id, replyId });
      }
    });
  }

  async addMessages(): Promise<void> {
    const progress = new Progress("messages brought over");
    const fields = ["id", "branch", "depth", "role", "state", "text", "model", "error", "usage", "createdAt"];
    await this.#inPages("messages", async (some, page) => {
      const known = some.filter(({ threadId }) => this.#isKnown(threadId));
      const messages = known.map((row) => ({
        ...pick<MessageRow>(row, fields),
        ...this.#renamed(row, ["threadId", "jobId"]),
        ...this.#renamedMedia(row),
      }));
      const made = await this.#call(rows.addMessages, { ...this.#of, page, rows: messages });
      this.counts.messages += this.#learn(known, made);
      progress.reached(this.counts.messages);
    });
    progress.end();
  }

  /** Ties together what names messages, now that these exist; what names one that does not is left out. */
  async tie(): Promise<void> {
    const forks = this.#forks.map((fork) => ({
      threadId: this.ids.get(fork.threadId),
      messageIds: fork.messageIds.flatMap((id) => this.ids.get(id) ?? []),
    }));
    const replies = this.#replies.map(({ jobId, replyId }) => ({
      jobId: this.ids.get(jobId),
      replyId: this.ids.get(replyId),
    }));
    const ties = {
      forks: forks.filter(({ messageIds }) => messageIds.length > 0),
      replies: replies.filter(({ replyId }) => replyId !== undefined),
    };
    for (let at = 0; at < Math.max(ties.forks.length, ties.replies.length); at += ROWS_PER_CALL) {
      const some = {
        ownerId: this.#of.ownerId,
        forks: ties.forks.slice(at, at + ROWS_PER_CALL),
        replies: ties.replies.slice(at, at + ROWS_PER_CALL),
      };
      await this.#call(rows.tie, some as FunctionArgs<typeof rows.tie>);
    }
  }

  async addRecords(): Promise<void> {
    const event = [
      "kind",
      "model",
      "startedAt",
      "endedAt",
      "inputTokens",
      "outputTokens",
      "reasoningTokens",
      "images",
      "seconds",
    ];
    const entry = ["kind", "reason", "credits", "held", "at", "seq", "use", "after"];
    let page = 0;
    const add = async (some: ArchivedRow[], records: object) => {
      const args = { ownerId: this.#of.ownerId, page, events: [], entries: [], consents: [], ...records };
      page += 1;
      await this.#call(rows.addRecords, args as FunctionArgs<typeof rows.addRecords>);
      this.counts.records += some.length;
    };
    await this.#inPages("usage", (some) => {
      const events = some.map((row) => ({
        ...pick(row, [...event, "credits", "source"]),
        subject: this.#subjectOf(row),
      }));
      return add(some, { events });
    });
    for (const section of ["history", "credits"] as const) {
      await this.#inPages(section, (some) => add(some, { entries: some.map((row) => pick(row, entry)) }));
    }
    await this.#inPages("consents", (some) => add(some, { consents: some.map((row) => pick(row, CONSENT)) }));
  }

  /** What a usage event is about: "reply:<id>" or "job:<id>", under the new id where there is one. */
  #subjectOf({ subject }: ArchivedRow): string {
    const [kind = "", id = ""] = String(subject).split(":");
    return `${kind}:${this.ids.get(id) ?? id}`;
  }

  #isKnown(threadId: unknown): boolean {
    return threadId === undefined || this.ids.has(String(threadId));
  }

  /** These fields of a row, which name others, under their new ids; those that name nothing any more are left out. */
  #renamed(row: ArchivedRow, names: string[]): Record<string, never> {
    const entries = names.map((name) => [name, this.ids.get(String(row[name]))] as const);
    return Object.fromEntries(entries.filter(([, id]) => id !== undefined)) as Record<string, never>;
  }

  #renamedMedia({ mediaIds }: ArchivedRow): { mediaIds?: never[] } {
    if (!Array.isArray(mediaIds)) return {};
    return { mediaIds: mediaIds.flatMap((id: string) => this.ids.get(id) ?? []) as never[] };
  }

  /** Takes in the new ids of rows; says how many have one. */
  #learn(known: ArchivedRow[], made: (string | null)[]): number {
    if (made.length !== known.length) throw new Error("The deployment made fewer rows than it was given.");
    for (const [index, { id }] of known.entries()) {
      const newId = made[index];
      if (newId) this.ids.set(id, newId);
    }
    return made.filter((newId) => newId !== null).length;
  }

  /** Goes through a section in pages that are the same whenever the archive is brought over, counted from 0. */
  async #inPages(section: Section, take: (some: ArchivedRow[], page: number) => Promise<void>): Promise<void> {
    let some: ArchivedRow[] = [];
    let characters = 0;
    let page = 0;
    for await (const row of this.#importing.archive.rows(section)) {
      const length = JSON.stringify(row).length;
      if (some.length === ROWS_PER_CALL || (some.length > 0 && characters + length > CHARACTERS_PER_CALL)) {
        await take(some, page);
        page += 1;
        some = [];
        characters = 0;
      }
      some.push(row);
      characters += length;
    }
    if (some.length > 0) await take(some, page);
  }

  get #call(): Deployment["call"] {
    return this.#importing.deployment.call;
  }
}

type Put = FunctionArgs<typeof files.keep>["put"];

/** A file on its way. */
interface Sending {
  secret: ObjectSecret;
  place: ObjectPlace;
  content: Readable;
  contentBytes: number;
}

/** Puts sealed bytes to an address of the bucket. Its length must be said before, which a sealed file's is known. */
async function putSealed(url: string, { secret, place, content, contentBytes }: Sending): Promise<void> {
  const headers = { "content-length": sealedLength(contentBytes) };
  const answered = Promise.withResolvers<number>();
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  const request = send(url, { method: "PUT", headers }, (response) => {
    response.resume();
    answered.resolve(response.statusCode ?? 0);
  });
  request.once("error", answered.reject);
  await pipeline(Readable.from(sealObject(secret, place, content)), request);
  const status = await answered.promise;
  if (status !== 200) throw new Error(`The bucket refused a file (${status}).`);
}

/** Some fields of a row; those it does not have are left out. */
function pick<Picked extends object>(row: object, names: readonly string[]): Picked {
  const entries = Object.entries(row).filter(([name, value]) => names.includes(name) && value !== undefined);
  return Object.fromEntries(entries) as Picked;
}
