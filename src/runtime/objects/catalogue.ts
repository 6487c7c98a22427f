/**
 * What the bucket holds, in SQLite: objects, uploads in progress, and the blobs that their bytes rest in.
 * An object's bytes are its pieces in order: one for a plain put, one per part for a multipart upload, which
 * is why completing an upload copies nothing. Methods that take bytes away answer the blobs nobody names any
 * more; see [Note: Bytes before rows].
 */
import { DatabaseSync, type SQLTagStore } from "node:sqlite";
import type { Checksum, ChecksumName } from "./checksums.ts";
import type { Position } from "./listing.ts";
import { noSuchUpload, S3Error } from "./s3Errors.ts";

export interface StoredObject {
  key: string;
  /** Random and new for each version of the key; names its pieces. */
  id: string;
  sizeBytes: number;
  /** Without quotes. */
  etag: string;
  /** Headers it is served with: content type and the like, and `x-amz-meta-…`. */
  headers: Record<string, string>;
  checksum: Checksum | null;
  storedAtMs: number;
}

/** A run of bytes in one blob: a whole object, or one part of an upload. */
export interface Piece {
  /** Part number; 1 for a plain put. */
  number: number;
  blobId: string;
  sizeBytes: number;
  /** Hex. */
  md5: string;
  checksum: Checksum | null;
  storedAtMs: number;
}

export interface Upload {
  id: string;
  key: string;
  headers: Record<string, string>;
  /** Which checksum every part has, if the client asked for one. */
  checksumName: ChecksumName | null;
  startedAtMs: number;
}

/** Where a piece lies within its object. */
export interface PlacedPiece {
  blobId: string;
  startByte: number;
  sizeBytes: number;
}

/** Looks at what a key holds at the moment of a change, inside its transaction; throws to stop the change. */
export type WriteCondition = (current: StoredObject | null) => void;

const TABLES = `
  CREATE TABLE IF NOT EXISTS objects (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, sizeBytes INTEGER NOT NULL, etag TEXT NOT NULL,
    headers TEXT NOT NULL, checksum TEXT, storedAtMs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS uploads (
    key TEXT NOT NULL, id TEXT NOT NULL UNIQUE, headers TEXT NOT NULL, checksumName TEXT, startedAtMs INTEGER NOT NULL,
    PRIMARY KEY (key, id)
  ) STRICT, WITHOUT ROWID;
  -- ownerId: of an object or of an upload, which keeps its id when it becomes an object.
  CREATE TABLE IF NOT EXISTS pieces (
    ownerId TEXT NOT NULL, number INTEGER NOT NULL, blobId TEXT NOT NULL UNIQUE, startByte INTEGER NOT NULL,
    sizeBytes INTEGER NOT NULL, md5 TEXT NOT NULL, checksum TEXT, storedAtMs INTEGER NOT NULL,
    PRIMARY KEY (ownerId, number)
  ) STRICT, WITHOUT ROWID;
`;

/** SQLite orders every blob after every text, so an empty one is the end of all keys. */
const AFTER_ALL_KEYS = new Uint8Array(0);

export class Catalogue {
  readonly #db: DatabaseSync;
  readonly #sql: SQLTagStore;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    this.#db.exec(TABLES);
    this.#sql = this.#db.createTagStore();
  }

  close(): void {
    this.#db.close();
  }

  object(key: string): StoredObject | null {
    const row = this.#sql.get`SELECT * FROM objects WHERE key = ${key}`;
    return row ? objectFrom(row) : null;
  }

  /** The pieces that hold bytes `startByte` up to, but not including, `endByte` of an object, in order. */
  piecesWithin(objectId: string, startByte: number, endByte: number): PlacedPiece[] {
    return this.#sql.all`
      SELECT blobId, startByte, sizeBytes FROM pieces
      WHERE ownerId = ${objectId} AND startByte < ${endByte} AND startByte + sizeBytes > ${startByte} ORDER BY number
    ` as unknown as PlacedPiece[];
  }

  /** Puts an object of one piece in place of what the key held. */
  putObject(object: StoredObject, piece: Piece, condition: WriteCondition): string[] {
    return this.#transaction(() => {
      condition(this.object(object.key));
      const freed = this.#forget(object.key);
      this.#insertObject(object);
      this.#insertPiece(object.id, piece);
      return freed;
    });
  }

  removeObject(key: string, condition: WriteCondition): string[] {
    return this.#transaction(() => {
      condition(this.object(key));
      return this.#forget(key);
    });
  }

  /** Objects in the order of their keys, from a position up to a key that is no longer wanted; null: to the end. */
  objectsFrom({ from, inclusive }: Position, endKey: string | null, most: number): StoredObject[] {
    const rows = this.#sql.all`
      SELECT * FROM objects
      WHERE key >= ${from} AND key IS NOT ${inclusive ? null : from} AND key < ${endKey ?? AFTER_ALL_KEYS}
      ORDER BY key LIMIT ${most}
    `;
    return rows.map(objectFrom);
  }

  beginUpload({ key, id, headers, checksumName, startedAtMs }: Upload): void {
    void this.#sql.run`INSERT INTO uploads (key, id, headers, checksumName, startedAtMs)
      VALUES (${key}, ${id}, ${JSON.stringify(headers)}, ${checksumName}, ${startedAtMs})`;
  }

  /** Throws `NoSuchUpload`. */
  upload(key: string, id: string): Upload {
    const row = this.#sql.get`SELECT * FROM uploads WHERE key = ${key} AND id = ${id}`;
    if (!row) throw noSuchUpload(id);
    return uploadFrom(row);
  }

  /** Uploads by key and id, after a position, up to a key that is no longer wanted. */
  uploadsAfter(
    { key, id }: { key: string; id: string },
    { prefix, endKey }: { prefix: string; endKey: string | null },
    most: number,
  ): Upload[] {
    const rows = this.#sql.all`
      SELECT * FROM uploads WHERE (key, id) > (${key}, ${id}) AND key >= ${prefix} AND key < ${endKey ?? AFTER_ALL_KEYS}
      ORDER BY key, id LIMIT ${most}
    `;
    return rows.map(uploadFrom);
  }

  /** Uploads begun before a moment. */
  uploadsBefore(startedBeforeMs: number): Upload[] {
    return this.#sql.all`SELECT * FROM uploads WHERE startedAtMs < ${startedBeforeMs}`.map(uploadFrom);
  }

  /** Parts of an upload after a number, in order. */
  partsAfter(uploadId: string, number: number, most: number): Piece[] {
    const rows = this.#sql.all`
      SELECT number, blobId, sizeBytes, md5, checksum, storedAtMs FROM pieces
      WHERE ownerId = ${uploadId} AND number > ${number} ORDER BY number LIMIT ${most}
    `;
    return rows.map(pieceFrom);
  }

  /** Keeps a part in place of an earlier one with its number. Throws `NoSuchUpload` when the upload has ended meanwhile. */
  putPart({ key, id }: Upload, piece: Piece): string[] {
    return this.#transaction(() => {
      this.upload(key, id);
      const replaced = this.#sql
        .all`DELETE FROM pieces WHERE ownerId = ${id} AND number = ${piece.number} RETURNING blobId`;
      this.#insertPiece(id, piece);
      return replaced.map(({ blobId }) => String(blobId));
    });
  }

  /** Turns an upload into an object made of `parts`, in place of what the key held. Parts that are left out are dropped. */
  completeUpload(object: StoredObject, parts: readonly Piece[], condition: WriteCondition): string[] {
    return this.#transaction(() => {
      this.upload(object.key, object.id);
      condition(this.object(object.key));
      const freed = this.#forget(object.key);
      const unused = new Set(this.#dropPieces(object.id));
      for (const { blobId } of parts) if (!unused.delete(blobId)) throw partReplaced();
      let startByte = 0;
      for (const part of parts) {
        this.#insertPiece(object.id, part, startByte);
        startByte += part.sizeBytes;
      }
      void this.#sql.run`DELETE FROM uploads WHERE id = ${object.id}`;
      this.#insertObject(object);
      return [...freed, ...unused];
    });
  }

  /** Throws `NoSuchUpload`. */
  removeUpload({ key, id }: Pick<Upload, "key" | "id">): string[] {
    return this.#transaction(() => {
      this.upload(key, id);
      void this.#sql.run`DELETE FROM uploads WHERE id = ${id}`;
      return this.#dropPieces(id);
    });
  }

  /** Whether any row names this blob. */
  names(blobId: string): boolean {
    return this.#sql.get`SELECT 1 FROM pieces WHERE blobId = ${blobId}` !== undefined;
  }

  #forget(key: string): string[] {
    const gone = this.#sql.get`DELETE FROM objects WHERE key = ${key} RETURNING id`;
    return gone ? this.#dropPieces(String(gone["id"])) : [];
  }

  #dropPieces(ownerId: string): string[] {
    return this.#sql.all`DELETE FROM pieces WHERE ownerId = ${ownerId} RETURNING blobId`.map(({ blobId }) =>
      String(blobId),
    );
  }

  #insertObject({ key, id, sizeBytes, etag, headers, checksum, storedAtMs }: StoredObject): void {
    void this.#sql.run`INSERT INTO objects (key, id, sizeBytes, etag, headers, checksum, storedAtMs)
      VALUES (${key}, ${id}, ${sizeBytes}, ${etag}, ${JSON.stringify(headers)}, ${jsonOrNull(checksum)}, ${storedAtMs})`;
  }

  #insertPiece(ownerId: string, { number, blobId, sizeBytes, md5, checksum, storedAtMs }: Piece, startByte = 0): void {
    void this.#sql.run`INSERT INTO pieces (ownerId, number, blobId, startByte, sizeBytes, md5, checksum, storedAtMs)
      VALUES (${ownerId}, ${number}, ${blobId}, ${startByte}, ${sizeBytes}, ${md5}, ${jsonOrNull(checksum)}, ${storedAtMs})`;
  }

  #transaction<T>(change: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = change();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Somebody put another part under the same number while the upload was being completed. */
function partReplaced(): S3Error {
  return new S3Error("InvalidPart", "One of the specified parts was replaced meanwhile.");
}

type Row = Record<string, unknown>;

function objectFrom(row: Row): StoredObject {
  return {
    ...row,
    headers: JSON.parse(String(row["headers"])),
    checksum: parsedOrNull(row["checksum"]),
  } as StoredObject;
}

function uploadFrom(row: Row): Upload {
  return { ...row, headers: JSON.parse(String(row["headers"])) } as Upload;
}

function pieceFrom(row: Row): Piece {
  return { ...row, checksum: parsedOrNull(row["checksum"]) } as Piece;
}

function jsonOrNull(value: Checksum | null): string | null {
  return value && JSON.stringify(value);
}

function parsedOrNull(text: unknown): Checksum | null {
  return text === null ? null : JSON.parse(String(text));
}
