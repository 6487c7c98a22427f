import type { Bytes } from "../../src/shared/bytes.ts";
import { type Keyring, parseKeyring } from "../../src/shared/keyring.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { deriveThreadKey, unwrapUserKey } from "./keys.ts";
import { ThreadSeal } from "./sealing.ts";

/** What a thread's seal is made of, as it rests in the database. Useless without the key ring. */
export interface SealMaterial {
  userKey: Pick<Doc<"userKeys">, "ownerId" | "gen" | "kid" | "wrapped">;
  threadKey: Pick<Doc<"threadKeys">, "workspaceId" | "recordId" | "salt">;
}

/** A row that belongs to a thread, as far as its keys are concerned. */
interface InThread {
  ownerId: Id<"users">;
  threadId: Id<"threads">;
}

/** The key ring of this deployment. Throws an Error that names the variable at fault. */
export function readKeyring(): Keyring {
  return parseKeyring({
    CRYPTO_KEYRING: process.env.CRYPTO_KEYRING,
    CRYPTO_ACTIVE_KID: process.env.CRYPTO_ACTIVE_KID,
    CRYPTO_ENV_ID: process.env.CRYPTO_ENV_ID,
  });
}

/** The seal of a thread. Throws where the key ring does not open the user key. */
export async function openSeal(ring: Keyring, { userKey, threadKey }: SealMaterial): Promise<ThreadSeal> {
  return sealUnder(ring, userKey, await openUserKey(ring, userKey), threadKey);
}

/**
 * Opens the threads of people. Keeps the keys it opened for as long as it lives itself, which is one function call, so
 * that a page of rows costs each key once.
 */
export class Vault {
  readonly #db: QueryCtx["db"];
  readonly #ring = readKeyring();
  readonly #owners = new Map<Id<"users">, Promise<OpenOwner | null>>();
  readonly #seals = new Map<Id<"threads">, Promise<ThreadSeal | null>>();

  constructor(db: QueryCtx["db"]) {
    this.#db = db;
  }

  /** The seal of a row's thread, or null where a key is gone: the thread's content is then unreadable for good. */
  sealOf({ ownerId, threadId }: InThread): Promise<ThreadSeal | null> {
    return memoized(this.#seals, threadId, async () => {
      const threadKey = await loadThreadKey(this.#db, threadId);
      return threadKey && this.sealFor(ownerId, threadKey);
    });
  }

  /** The seal of a thread whose key is at hand, perhaps before it is stored; null where its owner's key is gone. */
  async sealFor(ownerId: Id<"users">, threadKey: SealMaterial["threadKey"]): Promise<ThreadSeal | null> {
    const owner = await memoized(this.#owners, ownerId, () => this.#openOwner(ownerId));
    return owner && sealUnder(this.#ring, owner.row, owner.userKey, threadKey);
  }

  async #openOwner(ownerId: Id<"users">): Promise<OpenOwner | null> {
    const row = await loadUserKey(this.#db, ownerId);
    return row && { row, userKey: await openUserKey(this.#ring, row) };
  }
}

interface OpenOwner {
  row: Doc<"userKeys">;
  userKey: Bytes;
}

function openUserKey(ring: Keyring, { ownerId, gen, kid, wrapped }: SealMaterial["userKey"]): Promise<Bytes> {
  return unwrapUserKey(ring, { ownerId, gen }, { kid, wrapped: new Uint8Array(wrapped) });
}

async function sealUnder(
  ring: Keyring,
  { ownerId, gen }: SealMaterial["userKey"],
  userKey: Bytes,
  { workspaceId, recordId, salt }: SealMaterial["threadKey"],
): Promise<ThreadSeal> {
  const threadKey = await deriveThreadKey(userKey, { recordId, salt: new Uint8Array(salt) });
  return new ThreadSeal(threadKey, { envId: ring.envId, ownerId, workspaceId, threadRecordId: recordId, gen });
}

/** A person's key row, or null before `account:signIn` made one and after erasure deleted it. */
export function loadUserKey(db: QueryCtx["db"], ownerId: Id<"users">): Promise<Doc<"userKeys"> | null> {
  return db
    .query("userKeys")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .unique();
}

/** A thread's key row, or null once the thread was deleted. */
export function loadThreadKey(db: QueryCtx["db"], threadId: Id<"threads">): Promise<Doc<"threadKeys"> | null> {
  return db
    .query("threadKeys")
    .withIndex("by_thread", (q) => q.eq("threadId", threadId))
    .unique();
}

function memoized<Key, Value>(memo: Map<Key, Promise<Value>>, key: Key, make: () => Promise<Value>): Promise<Value> {
  const known = memo.get(key);
  if (known) return known;
  const made = make();
  memo.set(key, made);
  return made;
}
