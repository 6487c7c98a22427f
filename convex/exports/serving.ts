import type { Bytes } from "../../src/shared/bytes.ts";
import type { ByteRange } from "../../src/shared/segments.ts";
import { internal } from "../_generated/api.js";
import type { ActionCtx } from "../_generated/server.js";
import { openGrant, readRange } from "../media/opening.ts";
import { answerTo } from "../media/ranges.ts";
import { begun, type MediaAnswer } from "../media/serving.ts";
import type { GrantedPiece } from "./access.ts";
import type { ExportTicket } from "./tickets.ts";

/** What names an archive and lets it be read. */
interface Asked {
  exportId: string;
  ticket: ExportTicket | null;
}

/**
 * Answers a request for an archive: the whole of it, or at most 4 MiB of the range asked for. Null where the ticket or the
 * caller opens no such archive. Throws `ObjectBrokenError` and `BucketError` before the answer begins.
 */
export async function answerExport(ctx: ActionCtx, request: Request): Promise<MediaAnswer | null> {
  const url = new URL(request.url);
  const [, exportId] = /^\/exports\/([^/]+)$/.exec(url.pathname) ?? [];
  if (!exportId) return null;
  const asked = { exportId, ticket: readTicket(url.searchParams) };
  const first = await ctx.runQuery(internal.exports.access.grant, { ...asked, atByte: 0 });
  if (!first) return null;
  const { archiveBytes } = first;
  const answer = answerTo(rangeHeader(request, exportId), archiveBytes);
  if (answer.kind === "unsatisfiable") {
    const headers = { "Content-Range": `bytes */${archiveBytes}`, "Accept-Ranges": "bytes" };
    return { status: 416, headers, body: null };
  }
  const { start, end } = answer.range;
  const headers: Record<string, string> = { ...archiveHeaders(first), "Content-Length": String(end - start) };
  if (answer.kind === "partial") headers["Content-Range"] = `bytes ${start}-${end - 1}/${archiveBytes}`;
  const status = answer.kind === "partial" ? 206 : 200;
  if (request.method === "HEAD") return { status, headers, body: null };
  const parts = await partsOf(ctx, asked, answer.range);
  return parts && { status, headers, body: await begun(readParts(parts)) };
}

/** A part of a range that is in one piece, counted from the piece's beginning. */
interface Part {
  piece: GrantedPiece;
  range: ByteRange;
}

/** The parts of a range, found before the answer begins: afterwards nothing more can be asked. Null as in `answerExport`. */
async function partsOf(ctx: ActionCtx, asked: Asked, { start, end }: ByteRange): Promise<Part[] | null> {
  const parts: Part[] = [];
  for (let atByte = start; atByte < end; ) {
    const piece = await ctx.runQuery(internal.exports.access.grant, { ...asked, atByte });
    if (!piece) return null;
    const { fromByte, object } = piece;
    const until = Math.min(end, fromByte + object.contentBytes);
    parts.push({ piece, range: { start: atByte - fromByte, end: until - fromByte } });
    atByte = until;
  }
  return parts;
}

async function* readParts(parts: Part[]): AsyncGenerator<Bytes> {
  for (const { piece, range } of parts) yield* readRange(await openGrant(piece), piece.object.contentBytes, range);
}

/** An archive never changes, so its id names its bytes. */
function rangeHeader(request: Request, exportId: string): string | null {
  const condition = request.headers.get("If-Range");
  return condition === null || condition === `"${exportId}"` ? request.headers.get("Range") : null;
}

function archiveHeaders({ exportId }: GrantedPiece): Record<string, string> {
  return {
    "Content-Type": "application/zip",
    "Content-Disposition": 'attachment; filename="export.zip"',
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag",
    "Accept-Ranges": "bytes",
    ETag: `"${exportId}"`,
  };
}

function readTicket(query: URLSearchParams): ExportTicket | null {
  const expires = query.get("expires");
  const signature = query.get("signature");
  return signature && /^\d{1,15}$/.test(expires ?? "") ? { expiresAt: Number(expires), signature } : null;
}
