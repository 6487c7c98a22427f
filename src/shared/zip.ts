import { type Bytes, concat, utf8 } from "./bytes.ts";

/*
 * The parts of a ZIP archive (PKWARE's APPNOTE.TXT 6.3.10) as they follow one another, so that an archive can be written
 * in several runs of which none knows the whole: an entry's length and checksum come behind its content, and the
 * directory at the end needs only what was noted of each entry. Libraries keep all of that in one process. Entries are
 * stored and not compressed: pictures and videos would not get smaller. Pure.
 */

/** An entry of an archive, as its directory lists it. */
export interface ZipEntry {
  name: string;
  /** Where its header begins in the archive. */
  offset: number;
  contentBytes: number;
  crc32: number;
}

/** Version 4.5, which brought archives past 4 GiB. */
const VERSION = 45;
/** Bit 3: length and checksum follow the content. Bit 11: names are UTF-8. */
const FLAGS = 0x0808;
const NO_COMPRESSION = 0;
/** Says in a field of 32 bits that the figure is in the ZIP64 one. */
const IN_ZIP64 = 0xffff_ffff;
const MOST_ENTRIES = 0xffff;

/** What stands before the content of an entry. */
export function entryHeader(name: string, writtenAtMs: number): Bytes {
  const encoded = utf8(name);
  const fields = [u32(0x04034b50), u16(VERSION), u16(FLAGS), u16(NO_COMPRESSION), dosTime(writtenAtMs)];
  return concat(...fields, u32(0), u32(0), u32(0), u16(encoded.length), u16(0), encoded);
}

/** What stands behind the content of an entry. Throws for content of 4 GiB and more. */
export function entryTrailer({ crc32, contentBytes }: Pick<ZipEntry, "crc32" | "contentBytes">): Bytes {
  if (contentBytes >= IN_ZIP64) throw new Error("An entry of an archive has less than 4 GiB");
  return concat(u32(0x08074b50), u32(crc32), u32(contentBytes), u32(contentBytes));
}

/** The directory at the end of an archive, which begins at `offset`. */
export function directory(entries: readonly ZipEntry[], offset: number, writtenAtMs: number): Bytes {
  const listed = concat(...entries.map((entry) => directoryEntry(entry, writtenAtMs)));
  const count = entries.length;
  const isLarge = offset >= IN_ZIP64 || count >= MOST_ENTRIES;
  const large = isLarge ? largeEnd({ count, bytes: listed.length, offset }) : new Uint8Array(0);
  const shown = isLarge ? { count: MOST_ENTRIES, offset: IN_ZIP64 } : { count, offset };
  const counts = [u16(0), u16(0), u16(shown.count), u16(shown.count)];
  return concat(listed, large, u32(0x06054b50), ...counts, u32(listed.length), u32(shown.offset), u16(0));
}

function directoryEntry({ name, offset, contentBytes, crc32 }: ZipEntry, writtenAtMs: number): Bytes {
  const encoded = utf8(name);
  const isFar = offset >= IN_ZIP64;
  const extra = isFar ? concat(u16(0x0001), u16(8), u64(offset)) : new Uint8Array(0);
  const fields = [u32(0x02014b50), u16(VERSION), u16(VERSION), u16(FLAGS), u16(NO_COMPRESSION), dosTime(writtenAtMs)];
  const sizes = [u32(crc32), u32(contentBytes), u32(contentBytes), u16(encoded.length), u16(extra.length)];
  // No comment, the first disk, and no attributes.
  const rest = [u16(0), u16(0), u16(0), u32(0), u32(isFar ? IN_ZIP64 : offset)];
  return concat(...fields, ...sizes, ...rest, encoded, extra);
}

function largeEnd({ count, bytes, offset }: { count: number; bytes: number; offset: number }): Bytes {
  const record = [u32(0x06064b50), u64(44), u16(VERSION), u16(VERSION), u32(0), u32(0), u64(count), u64(count)];
  const locator = [u32(0x07064b50), u32(0), u64(offset + bytes), u32(1)];
  return concat(...record, u64(bytes), u64(offset), ...locator);
}

/** Time and day in MS-DOS's form, in UTC: two seconds are the finest it can tell. */
function dosTime(timeMs: number): Bytes {
  const at = new Date(timeMs);
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  const day = (Math.max(0, at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  return concat(u16(time), u16(day));
}

function u16(value: number): Bytes {
  return Uint8Array.of(value & 0xff, value >>> 8);
}

function u32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function u64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
