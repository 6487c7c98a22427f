import { type Bytes, fromBase64Url, lengthPrefixed, sameBytes, toBase64Url, utf8 } from "../../src/shared/bytes.ts";
import { type Keyring, rootsOf } from "../../src/shared/keyring.ts";
import type { Doc } from "../_generated/dataModel.js";
import { hkdf, hmac, SCHEME } from "../encryption/keys.ts";

/*
 * [Note: Tickets]
 * Pictures and videos are fetched by elements of a page, which cannot send a bearer token. A ticket stands in its URL:
 * HMAC-SHA-256 over the object asked for, a session row of the person's and an expiry at most ten minutes away, under a
 * key that comes from the master key. The signature also covers a secret of the session row, which no ticket carries.
 * So neither the environment nor the database alone makes tickets, and each use looks the row up: the ticket is void
 * from the moment in which the row, the account or the chat is gone. Making one needs no randomness, hence a query can.
 */

/** Longest life of a ticket. */
export const TICKET_MS = 10 * 60 * 1000;
/** Tickets of one such span are the same, so that a list of them is not another list at each reading. */
const TICKET_STEP_MS = 5 * 60 * 1000;

/** What a ticket opens: one form of one medium. */
export interface TicketSubject {
  mediaId: string;
  role: Doc<"objects">["role"];
}

/** A ticket as it stands in a URL. */
export interface Ticket {
  sessionId: string;
  expiresAt: number;
  signature: string;
}

type Session = Pick<Doc<"mediaSessions">, "_id" | "secret" | "expiresAt">;

/** A ticket that is good for five to ten minutes, and no longer than its session. */
export async function makeTicket(
  ring: Keyring,
  session: Session,
  subject: TicketSubject,
  nowMs: number,
): Promise<Ticket> {
  const stepMs = Math.floor(nowMs / TICKET_STEP_MS) * TICKET_STEP_MS;
  const expiresAt = Math.min(session.expiresAt, stepMs + TICKET_MS);
  const [root] = rootsOf(ring);
  if (!root) throw new Error("The active master key is not in CRYPTO_KEYRING");
  const signature = toBase64Url(await sign(ring.envId, root, { session, subject, expiresAt }));
  return { sessionId: session._id, expiresAt, signature };
}

/** Whether a ticket is one of this session's for this subject and still holds. */
export async function holdsTicket(
  ring: Keyring,
  { session, subject, ticket, nowMs }: { session: Session; subject: TicketSubject; ticket: Ticket; nowMs: number },
): Promise<boolean> {
  const { expiresAt, signature } = ticket;
  if (nowMs >= expiresAt || expiresAt > nowMs + TICKET_MS || nowMs >= session.expiresAt) return false;
  for (const root of rootsOf(ring)) {
    if (sameBytes(await sign(ring.envId, root, { session, subject, expiresAt }), decoded(signature))) return true;
  }
  return false;
}

interface Signed {
  session: Session;
  subject: TicketSubject;
  expiresAt: number;
}

async function sign(envId: string, root: Bytes, { session, subject, expiresAt }: Signed): Promise<Bytes> {
  const key = await hkdf(root, utf8(envId), lengthPrefixed(SCHEME, "media-tickets"), 32);
  const { mediaId, role } = subject;
  return hmac(
    key,
    lengthPrefixed(SCHEME, "ticket", mediaId, role, session._id, new Uint8Array(session.secret), expiresAt),
  );
}

function decoded(signature: string): Uint8Array {
  try {
    return fromBase64Url(signature);
  } catch {
    return new Uint8Array(0);
  }
}

/** The address of a medium with its ticket. */
export function ticketUrl(siteUrl: string, { mediaId, role }: TicketSubject, ticket: Ticket): string {
  const query = new URLSearchParams({
    ...(role === "original" ? {} : { variant: role }),
    session: ticket.sessionId,
    expires: String(ticket.expiresAt),
    signature: ticket.signature,
  });
  return `${siteUrl}/media/${mediaId}?${query}`;
}

/** The ticket in a URL's query, or null where there is none or it is not whole. */
export function readTicket(query: URLSearchParams): Ticket | null {
  const [sessionId, expires, signature] = ["session", "expires", "signature"].map((name) => query.get(name));
  if (!sessionId || !signature || !/^\d{1,15}$/.test(expires ?? "")) return null;
  return { sessionId, expiresAt: Number(expires), signature };
}
