import { type Bytes, lengthPrefixed, sameBytes, toBase64Url, utf8 } from "../../src/shared/bytes.ts";
import { type Keyring, rootsOf } from "../../src/shared/keyring.ts";
import type { Doc } from "../_generated/dataModel.js";
import { hkdf, hmac, SCHEME } from "../encryption/keys.ts";

/*
 * The address of an archive carries a ticket, as those of media do (see [Note: Tickets]), so that a browser can save it. It
 * is bound to the first piece instead of a session: the signature covers that piece's random header, which no address
 * carries. So a ticket is void from the moment in which the archive or the account is gone.
 */

/** How long a ticket is good at most; half of it at least. */
const TICKET_MS = 60 * 60 * 1000;

/** A ticket as it stands in an address. */
export interface ExportTicket {
  expiresAt: number;
  signature: string;
}

type Signed = Pick<Doc<"exportPieces">, "exportId" | "header">;

/** A ticket for the archive whose first piece this is. */
export async function makeExportTicket(ring: Keyring, first: Signed, nowMs: number): Promise<ExportTicket> {
  const stepMs = TICKET_MS / 2;
  const expiresAt = Math.floor(nowMs / stepMs) * stepMs + TICKET_MS;
  const [root] = rootsOf(ring);
  if (!root) throw new Error("The active master key is not in CRYPTO_KEYRING");
  return { expiresAt, signature: toBase64Url(await sign(ring.envId, root, { first, expiresAt })) };
}

/** Whether a ticket is for that archive and still holds. */
export async function holdsExportTicket(
  ring: Keyring,
  { first, ticket, nowMs }: { first: Signed; ticket: ExportTicket; nowMs: number },
): Promise<boolean> {
  const { expiresAt, signature } = ticket;
  if (nowMs >= expiresAt || expiresAt > nowMs + TICKET_MS) return false;
  for (const root of rootsOf(ring)) {
    const expected = toBase64Url(await sign(ring.envId, root, { first, expiresAt }));
    if (sameBytes(utf8(expected), utf8(signature))) return true;
  }
  return false;
}

async function sign(
  envId: string,
  root: Bytes,
  { first, expiresAt }: { first: Signed; expiresAt: number },
): Promise<Bytes> {
  const { exportId, header } = first;
  const key = await hkdf(root, utf8(envId), lengthPrefixed(SCHEME, "export-tickets"), 32);
  return hmac(key, lengthPrefixed(SCHEME, "export", exportId, new Uint8Array(header), expiresAt));
}
