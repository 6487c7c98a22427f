import { receiptMac } from "./pseudonyms.ts";

/*
 * [Note: Chained receipts]
 * A receipt carries its number, the MAC of the one before it, and a MAC over all it says, under a key that only the
 * environment has. So a receipt that was changed, added or taken out shows, unless the newest ones were taken out together:
 * those are missed by their numbers in whatever copy was made before.
 */

/** What makes a receipt one of a chain. */
export interface Link {
  /** Numbers the receipts of a chain from 1. */
  seq: number;
  previousMac: string;
  mac: string;
}

/** A receipt as the next of the chain that ends with `last`. */
export async function linked<Receipt extends object>(receipt: Receipt, last: Link | null): Promise<Receipt & Link> {
  const numbered = { ...receipt, seq: (last?.seq ?? 0) + 1, previousMac: last?.mac ?? "" };
  return { ...numbered, mac: await receiptMac(textOf(numbered)) };
}

/** Whether a receipt, as it is stored, is as it was written and follows the one before; the first that is left follows any. */
export async function isIntact(stored: Link & object, before: Link | undefined): Promise<boolean> {
  const { _id, _creationTime, mac, ...receipt } = stored as Link & { _id?: string; _creationTime?: number };
  const isNext = !before || (before.mac === receipt.previousMac && before.seq + 1 === receipt.seq);
  return isNext && mac === (await receiptMac(textOf(receipt)));
}

/** A receipt as the text its MAC is over: its fields in the order of their names. */
function textOf(receipt: object): string {
  return JSON.stringify(receipt, (_name, value: unknown) => (isRecord(value) ? sorted(value) : value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
