/**
 * The memory that makes a socket's mutations happen once: (sessionId, requestId) → answer, written in the
 * mutation's own transaction to `_session_requests`, so that a replay after a lost connection finds it.
 */
import { eq, lte, readRows } from "./systemRows.ts";
import type { JsonText, Transaction } from "./types.ts";

const TABLE = "_session_requests";
const NAMESPACE = "";

/** Convex remembers requests for two weeks. */
export const SESSION_REQUEST_LIFETIME_MS = 14 * 24 * 60 * 60 * 1000;

/** A document may not exceed 1 MiB, a result may: it is stored in parts of at most this many characters. */
const PART_CHARS = 250_000;

export interface SessionRequest {
  sessionId: string;
  requestId: number;
}

export interface RecordedAnswer {
  value: JsonText;
  logLines: string[];
}

interface RequestRow {
  _id: string;
  part: number;
  text: string;
}

/** The answer of an earlier run of this request, or null. */
export function findRecordedAnswer(tx: Transaction, request: SessionRequest): RecordedAnswer | null {
  const rows = readRows<RequestRow>(tx, NAMESPACE, {
    indexName: `${TABLE}.by_session_and_request`,
    range: [eq("sessionId", request.sessionId), eq("requestId", request.requestId)],
    limit: 1_000,
  });
  if (rows.length === 0) return null;
  rows.sort((a, b) => a.part - b.part);
  return JSON.parse(rows.map((row) => row.text).join("")) as RecordedAnswer;
}

export function recordAnswer(tx: Transaction, request: SessionRequest, answer: RecordedAnswer): void {
  const text = JSON.stringify(answer);
  for (let part = 0; part * PART_CHARS < text.length; part += 1)
    tx.insert(NAMESPACE, TABLE, { ...request, part, text: text.slice(part * PART_CHARS, (part + 1) * PART_CHARS) });
}

/** Removes up to `limit` records made before `beforeMs`; returns how many. */
export function forgetRecordedAnswers(tx: Transaction, beforeMs: number, limit: number): number {
  const rows = readRows<RequestRow>(tx, NAMESPACE, {
    indexName: `${TABLE}.by_creation_time`,
    range: [lte("_creationTime", beforeMs)],
    limit,
  });
  for (const row of rows) tx.remove(NAMESPACE, row._id);
  return rows.length;
}
