/**
 * The memory that makes a socket's mutations happen once: (sessionId, requestId) → answer, written in the
 * mutation's own transaction to `_session_requests`, so that a replay after a lost connection finds it.
 */

import type { CompanionRows } from "./application.ts";
import { eq, lte, readRows } from "./systemRows.ts";
import type { Execution, JsonText, Transaction } from "./types.ts";

const TABLE = "_session_requests";
const NAMESPACE = "";

/** Convex remembers requests for two weeks. */
export const SESSION_REQUEST_LIFETIME_MS = 14 * 24 * 60 * 60 * 1000;

/** A document may not exceed 1 MiB, a result may: it is stored in parts of at most this many characters. */
const PART_CHARS = 250_000;
/** More than the largest result and its log lines can need. */
const MAX_PARTS = 1_000;

export interface SessionRequest {
  sessionId: string;
  requestId: number;
}

interface RecordedAnswer {
  value: JsonText;
  logLines: string[];
}

interface RequestRow {
  _id: string;
  part: number;
  text: string;
}

/** Commits a mutation's answer with it, and calls the mutation off when it has committed before. */
export class SessionRecord implements CompanionRows {
  /** The answer of an earlier run, once `before` has looked. */
  found: RecordedAnswer | null = null;
  readonly #request: SessionRequest;

  constructor(request: SessionRequest) {
    this.#request = request;
  }

  before(tx: Transaction): boolean {
    this.found = findAnswer(tx, this.#request);
    return this.found === null;
  }

  after(tx: Transaction, { outcome, logLines }: Execution): void {
    if (!outcome.ok) return;
    const text = JSON.stringify({ value: outcome.value, logLines } satisfies RecordedAnswer);
    for (let part = 0; part * PART_CHARS < text.length; part += 1) {
      const row = { ...this.#request, part, text: text.slice(part * PART_CHARS, (part + 1) * PART_CHARS) };
      tx.insert(NAMESPACE, TABLE, row);
    }
  }
}

function findAnswer(tx: Transaction, request: SessionRequest): RecordedAnswer | null {
  const rows = readRows<RequestRow>(tx, NAMESPACE, {
    indexName: `${TABLE}.by_session_and_request`,
    range: [eq("sessionId", request.sessionId), eq("requestId", request.requestId)],
    limit: MAX_PARTS,
  });
  if (rows.length === 0) return null;
  rows.sort((a, b) => a.part - b.part);
  return JSON.parse(rows.map((row) => row.text).join("")) as RecordedAnswer;
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
