import type { Bytes } from "../../src/shared/bytes.ts";
import { kindOf, type MediaType } from "../../src/shared/media.ts";
import { internal } from "../_generated/api.js";
import type { ActionCtx } from "../_generated/server.js";
import type { Grant } from "./grants.ts";
import { nameOf, openGrant, readRange } from "./opening.ts";
import { answerTo, type RangeAnswer } from "./ranges.ts";
import { readTicket, type TicketSubject } from "./tickets.ts";

/** An answer to be given the headers that all answers have. */
export interface MediaAnswer {
  status: number;
  headers: Record<string, string>;
  body: ReadableStream<Uint8Array> | null;
}

/**
 * Answers a request for an object of a medium: the whole of it, or at most 4 MiB of the range asked for. Null where the
 * ticket or the caller opens no such object. Throws `ObjectBrokenError` and `BucketError` before the answer begins.
 */
export async function answerMedia(ctx: ActionCtx, request: Request): Promise<MediaAnswer | null> {
  const url = new URL(request.url);
  const subject = readSubject(url);
  const grant =
    subject && (await ctx.runQuery(internal.media.grants.grant, { ...subject, ticket: readTicket(url.searchParams) }));
  if (!grant) return null;
  const { contentBytes } = grant.object;
  const answer = answerTo(rangeHeader(request, grant), contentBytes);
  if (answer.kind === "unsatisfiable") {
    return {
      status: 416,
      headers: { "Content-Range": `bytes */${contentBytes}`, "Accept-Ranges": "bytes" },
      body: null,
    };
  }
  const opened = await openGrant(grant);
  const isSaved = url.searchParams.has("download");
  const headers = {
    ...mediaHeaders(grant, { name: await nameOf(opened, grant), isSaved }),
    ...rangeHeaders(answer, contentBytes),
  };
  const status = answer.kind === "partial" ? 206 : 200;
  if (request.method === "HEAD" || contentBytes === 0) return { status, headers, body: null };
  return { status, headers, body: await begun(readRange(opened, contentBytes, answer.range)) };
}

function readSubject(url: URL): TicketSubject | null {
  const [, mediaId] = /^\/media\/([^/]+)$/.exec(url.pathname) ?? [];
  const variant = url.searchParams.get("variant");
  if (!mediaId || (variant !== null && variant !== "thumbnail")) return null;
  return { mediaId, role: variant ?? "original" };
}

/** A range of another version than the client has is of no use to it (RFC 9110 §13.1.5). */
function rangeHeader(request: Request, grant: Grant): string | null {
  const condition = request.headers.get("If-Range");
  return condition === null || condition === entityTag(grant) ? request.headers.get("Range") : null;
}

/** Objects never change, so their id names their bytes. */
function entityTag({ objectId }: Grant): string {
  return `"${objectId}"`;
}

function mediaHeaders(
  grant: Grant,
  { name, isSaved }: { name: string | null; isSaved: boolean },
): Record<string, string> {
  const mime = grant.object.mime as MediaType;
  const isShown = !isSaved && ["image", "video"].includes(kindOf(mime));
  const fileName = name === null ? "" : `; filename*=UTF-8''${encodeName(name)}`;
  return {
    "Content-Type": mime === "text/plain" ? "text/plain; charset=utf-8" : mime,
    // A page shows pictures and videos; whatever could be run or read as a page is only ever saved.
    "Content-Disposition": `${isShown ? "inline" : "attachment"}${fileName}`,
    "Cache-Control": "private, no-store",
    // The page is of another origin, and the ticket or token has said who asks.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag",
    "Accept-Ranges": "bytes",
    ETag: entityTag(grant),
  };
}

function rangeHeaders(answer: Exclude<RangeAnswer, { kind: "unsatisfiable" }>, contentBytes: number) {
  const { start, end } = answer.range;
  const length = { "Content-Length": String(end - start) };
  return answer.kind === "whole" ? length : { ...length, "Content-Range": `bytes ${start}-${end - 1}/${contentBytes}` };
}

/** As RFC 8187 wants it. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The chunks as a stream, once the first is there: until then a failure can still be answered as one. */
export async function begun(chunks: AsyncGenerator<Bytes>): Promise<ReadableStream<Uint8Array>> {
  let next: IteratorResult<Bytes> | null = await chunks.next();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = next ?? (await chunks.next());
      next = null;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await chunks.return(undefined)),
  });
}
