import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { internalAction, internalMutation, internalQuery } from "../_generated/server.js";
import { type Count, countUpTo, vCount } from "../operator/counting.ts";
import { rewrapUserKey } from "./keys.ts";
import { readKeyring } from "./vault.ts";

/*
 * [Note: Key rotation]
 * A new master key is added to the ring, then made the active one; from then on it wraps new keys, while the old one still
 * opens old wraps. The keys of all people are wrapped anew in pages, each key swapped only where it is still the one that
 * was opened: one that an erasure deleted meanwhile stays deleted, and one that another run has swapped stays as it is.
 * Nothing else changes, so whoever streams, exports or is being erased notices nothing. When no key names the old master
 * key any more, it may leave the ring; before that, `npm run doctor` and the start of the embedded home refuse.
 */

/** Keys that one step wraps anew. */
const KEYS_PER_STEP = 500;
const COUNTED_KEYS = 1_000;

const vWrap = { keyId: v.id("userKeys"), ownerId: v.id("users"), gen: v.number(), kid: v.string(), wrapped: v.bytes() };

const vMasterKey = v.object({
  kid: v.string(),
  isActive: v.boolean(),
  /** Whether `CRYPTO_KEYRING` holds it. */
  isInRing: v.boolean(),
  /** Keys of people that are wrapped with it. */
  wraps: vCount,
});

export type MasterKey = Infer<typeof vMasterKey>;

/** The master keys of the ring, and those outside that keys of people still need. */
export const status = internalQuery({
  args: {},
  returns: v.array(vMasterKey),
  handler: async (ctx) => {
    const { activeKid, roots } = readKeyring();
    const wraps = new Map<string, Count>([...roots.keys()].map((kid) => [kid, { count: 0, isAtLeast: false }]));
    const after = (kid: string) => ctx.db.query("userKeys").withIndex("by_kid", (q) => q.gt("kid", kid));
    // One look for each master key there is: the next key of an index that begins with it.
    for (let next = await after("").first(); next; next = await after(next.kid).first()) {
      const { kid } = next;
      const keys = ctx.db.query("userKeys").withIndex("by_kid", (q) => q.eq("kid", kid));
      wraps.set(kid, await countUpTo(keys, COUNTED_KEYS));
    }
    return [...wraps].map(([kid, count]) => ({
      kid,
      isActive: kid === activeKid,
      isInRing: roots.has(kid),
      wraps: count,
    }));
  },
});

/** Wraps the next keys anew that an old master key of the ring still wraps; says how many it swapped and whether it met any. */
export const rewrapNext = internalAction({
  args: {},
  returns: v.object({ swapped: v.number(), isDone: v.boolean() }),
  handler: async (ctx): Promise<{ swapped: number; isDone: boolean }> => {
    const ring = readKeyring();
    const old = await ctx.runQuery(internal.encryption.rotation.oldWraps, {});
    const wraps = await Promise.all(
      old.map(async ({ keyId, ownerId, gen, kid, wrapped }) => {
        const anew = await rewrapUserKey(ring, { ownerId, gen }, { kid, wrapped: new Uint8Array(wrapped) });
        return { keyId, ownerId, gen, oldKid: kid, kid: anew.kid, wrapped: anew.wrapped.buffer };
      }),
    );
    const swapped = await ctx.runMutation(internal.encryption.rotation.swap, { wraps });
    return { swapped, isDone: old.length === 0 };
  },
});

/** The next keys that are not wrapped with the active master key, of those that the ring opens. */
export const oldWraps = internalQuery({
  args: {},
  returns: v.array(v.object(vWrap)),
  handler: async (ctx) => {
    const { activeKid, roots } = readKeyring();
    for (const kid of roots.keys()) {
      if (kid === activeKid) continue;
      const keys = ctx.db.query("userKeys").withIndex("by_kid", (q) => q.eq("kid", kid));
      const old = await keys.take(KEYS_PER_STEP);
      if (old.length > 0) return old.map(({ _id: keyId, _creationTime, ...key }) => ({ keyId, ...key }));
    }
    return [];
  },
});

/** Puts new wraps in the place of old ones that are still there; says of how many. */
export const swap = internalMutation({
  args: { wraps: v.array(v.object({ ...vWrap, oldKid: v.string() })) },
  returns: v.number(),
  handler: async (ctx, { wraps }) => {
    const swaps = wraps.map(async ({ keyId, oldKid, kid, wrapped, ...place }) => {
      if (!isSame(await ctx.db.get("userKeys", keyId), { ...place, kid: oldKid })) return 0;
      await ctx.db.patch("userKeys", keyId, { kid, wrapped });
      return 1;
    });
    return (await Promise.all(swaps)).reduce<number>((sum, swapped) => sum + swapped, 0);
  },
});

interface Place {
  ownerId: Id<"users">;
  gen: number;
  kid: string;
}

function isSame(now: Place | null, then: Place): boolean {
  return now?.ownerId === then.ownerId && now.gen === then.gen && now.kid === then.kid;
}
