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

/** Rows and characters of one call: far below what a transaction may write. */
const ROWS_PER_CALL = 50;
const CHARACTERS_PER_CALL = 500_000;

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
 * Fills an empty account, or goes on with one where this archive was cut off. Throws where anything is refused; what was
 * written until then stays, and the same archive can be brought over once more.
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
      consents: (consents ?? []).map((each) => pick(each, ["purpose", "given", "textVersion", "at"])),
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
  #recordPages = 0;

  constructor(importing: Importing) {
    this.#importing = importing;
    this.#of = { ownerId: importing.target.ownerId, importId: importing.importId };
  }

  async addChats(): Promise<void> {
    const fields = ["id", "title", "pinned", "lastActivityAt", "retentionClockAt", "branch", "branches"];
    await this.#inPages("threads", async (page) => {
      const made = await this.#call(rows.addThreads, {
        ...this.#of,
        rows: page.map((row) => pick<ThreadRow>(row, fields)),
      });
      for (const [index, row] of page.entries()) {
        this.#learn(row.id, made[index]);
        for (const { messageIds } of (row.forks ?? []) as { messageIds: string[] }[]) {
          this.#forks.push({ threadId: row.id, messageIds });
        }
      }
      this.counts.chats += page.length;
    });
  }

  async addFiles(): Promise<void> {
    const progress = new Progress("files brought over");
    for await (const row of this.#importing.archive.rows("media")) {
      const content = this.#importing.archive.file(String(row.file));
      if (!content || !this.#isKnown(row.threadId)) continue;
      this.#learn(row.id, await this.#addFile(row, await content));
      this.counts.files += 1;
      progress.reached(this.counts.files);
    }
    progress.end();
  }

  /** Seals a file on its way into the bucket, in the memory of a few segments, and has it kept. */
  async #addFile(row: ArchivedRow, content: Readable): Promise<string> {
    const { ownerId, workspaceId, envId } = this.#importing.target;
    const home = { ownerId, workspaceId, ...this.#renamed(row, ["threadId"]) };
    const { importId } = this.#of;
    const reserved = await this.#call(files.reserve, { ...home, importId, id: row.id, nowMs: Date.now() });
    if ("mediaId" in reserved) {
      content.destroy();
      return reserved.mediaId;
    }
    const { key, url } = reserved;
    const secret = drawObjectSecret();
    const place = { envId, key, ownerId };
    const { mime, contentBytes } = row as unknown as { mime: string; contentBytes: number };
    await putSealed(url, { secret, place, content, contentBytes });
    const { objectKey, header } = secret;
    const commitment = await commitTo(secret, place, { mime, contentBytes });
    const said = pick<object>(row, ["id", "mime", "contentBytes", "name", "width", "height", "origin", "createdAt"]);
    const sealed = { objectKey: objectKey.buffer, header: header.buffer, commitment: commitment.buffer };
    return this.#call(files.keep, { ...home, ...said, ...sealed, importId, key } as FunctionArgs<typeof files.keep>);
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
    await this.#inPages("jobs", async (page) => {
      const known = page.filter(({ threadId }) => this.#isKnown(threadId));
      const orders = known.map((row) => ({
        ...pick<JobRow>(row, [...fields, "credits", "createdAt", "changedAt"]),
        ...this.#renamed(row, ["threadId", "mediaId"]),
      }));
      const made = await this.#call(rows.addJobs, { ...this.#of, rows: orders });
      for (const [index, { id, replyId }] of known.entries()) {
        this.#learn(id, made[index]);
        if (typeof replyId === "string") this.#replies.push({ jobId: id, replyId });
      }
      this.counts.orders += known.length;
    });
  }

  async addMessages(): Promise<void> {
    const progress = new Progress("messages brought over");
    const fields = ["id", "branch", "depth", "role", "state", "text", "model", "error", "usage", "createdAt"];
    await this.#inPages("messages", async (page) => {
      const known = page.filter(({ threadId }) => this.#isKnown(threadId));
      const messages = known.map((row) => ({
        ...pick<MessageRow>(row, fields),
        ...this.#renamed(row, ["threadId", "jobId"]),
        ...this.#renamedMedia(row),
      }));
      const made = await this.#call(rows.addMessages, { ...this.#of, rows: messages });
      for (const [index, { id }] of known.entries()) this.#learn(id, made[index]);
      this.counts.messages += known.length;
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
    const add = async (page: ArchivedRow[], records: object) => {
      const args = { ownerId: this.#of.ownerId, page: this.#recordPages++, events: [], entries: [], ...records };
      await this.#call(rows.addRecords, args as FunctionArgs<typeof rows.addRecords>);
      this.counts.records += page.length;
    };
    await this.#inPages("usage", (page) => {
      const events = page.map((row) => ({
        ...pick(row, [...event, "credits", "source"]),
        subject: this.#subjectOf(row),
      }));
      return add(page, { events });
    });
    for (const section of ["history", "credits"] as const) {
      await this.#inPages(section, (page) => add(page, { entries: page.map((row) => pick(row, entry)) }));
    }
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

  #learn(oldId: string, newId: string | undefined): void {
    if (newId === undefined) throw new Error("The deployment made fewer rows than it was given.");
    this.ids.set(oldId, newId);
  }

  async #inPages(section: Section, take: (page: ArchivedRow[]) => Promise<void>): Promise<void> {
    let page: ArchivedRow[] = [];
    let characters = 0;
    for await (const row of this.#importing.archive.rows(section)) {
      const length = JSON.stringify(row).length;
      if (page.length === ROWS_PER_CALL || (page.length > 0 && characters + length > CHARACTERS_PER_CALL)) {
        await take(page);
        page = [];
        characters = 0;
      }
      page.push(row);
      characters += length;
    }
    if (page.length > 0) await take(page);
  }

  get #call(): Deployment["call"] {
    return this.#importing.deployment.call;
  }
}

interface Put {
  secret: ObjectSecret;
  place: ObjectPlace;
  content: Readable;
  contentBytes: number;
}

/** Puts sealed bytes to an address of the bucket. Its length must be said before, which a sealed file's is known. */
async function putSealed(url: string, { secret, place, content, contentBytes }: Put): Promise<void> {
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
