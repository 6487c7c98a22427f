import type { ZipEntry } from "../../src/shared/zip.ts";
import type { ThreadSeal } from "../encryption/sealing.ts";

/** An entry of an archive, for its directory and its manifest. */
export interface Entry extends ZipEntry {
  /** In hexadecimal. */
  sha256: string;
}

/** What is in a piece of an archive. */
export interface Listing {
  entries: Entry[];
  /** Files that the bucket has lost. */
  missing: string[];
}

/** Seals what is in the piece that is stored under a bucket key. */
export function sealListing(seal: ThreadSeal, key: string, { entries, missing }: Listing): Promise<ArrayBuffer> {
  return seal.seal(listingPlace(key), JSON.stringify({ entries, missing }));
}

/** Opens what is in a piece. Throws `SealBrokenError`. */
export async function openListing(seal: ThreadSeal, key: string, sealedListing: ArrayBuffer): Promise<Listing> {
  return JSON.parse(await seal.open(listingPlace(key), sealedListing)) as Listing;
}

function listingPlace(key: string) {
  return { table: "exportPieces", field: "listing", rowId: key, rev: 0 };
}
