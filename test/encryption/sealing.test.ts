import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  deriveThreadKey,
  hkdf,
  importAesKey,
  SCHEME,
  unwrapUserKey,
  wrapUserKey,
} from "../../convex/encryption/keys.ts";
import { recordIdFor, turnRatchet } from "../../convex/encryption/salts.ts";
import { type Place, type Scope, SealBrokenError, ThreadSeal } from "../../convex/encryption/sealing.ts";
import { type Bytes, lengthPrefixed, utf8 } from "../../src/shared/bytes.ts";
import { decodeEnvelope, encodeEnvelope } from "../../src/shared/envelope.ts";
import { pad } from "../../src/shared/padding.ts";
import vectors from "./vectors.json" with { type: "json" };

const fromHex = (hex: string): Bytes => new Uint8Array(Buffer.from(hex, "hex"));
const toHex = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString("hex");
const ring = {
  envId: vectors.envId,
  activeKid: vectors.kid,
  roots: new Map([[vectors.kid, fromHex(vectors.root)]]),
};
const scope: Scope = {
  envId: vectors.envId,
  ownerId: vectors.ownerId,
  workspaceId: vectors.workspaceId,
  threadRecordId: vectors.threadRecordId,
  gen: vectors.gen,
};
const place: Place = { table: "messages", field: "text", rowId: "row", rev: 0 };
const sealFor = (changes: Partial<Scope> = {}) => new ThreadSeal(fromHex(vectors.threadKey), { ...scope, ...changes });

describe("vectors computed by another implementation", () => {
  it("a user key is wrapped and unwrapped as written down", async () => {
    const owner = { ownerId: vectors.ownerId, gen: vectors.gen };
    const userKey = fromHex(vectors.userKey);
    const wrapped = await wrapUserKey(ring, owner, { userKey, nonce: fromHex(vectors.wrapNonce) });
    expect(toHex(wrapped)).toBe(vectors.wrapped);
    expect(await unwrapUserKey(ring, owner, { kid: vectors.kid, wrapped })).toEqual(userKey);
  });

  it("a thread key is derived as written down", async () => {
    const thread = { recordId: vectors.threadRecordId, salt: fromHex(vectors.salt) };
    expect(toHex(await deriveThreadKey(fromHex(vectors.userKey), thread))).toBe(vectors.threadKey);
  });

  it.each(vectors.sealed)(
    "$place.table.$place.field rev $place.rev seals and opens as written down",
    async (vector) => {
      const seal = sealFor();
      expect(toHex(await seal.seal(vector.place, vector.text))).toBe(vector.envelope);
      expect(await seal.open(vector.place, fromHex(vector.envelope).buffer)).toBe(vector.text);
    },
  );

  it("the salt ratchet and record ids turn out as written down", async () => {
    const { seed, request, salt, nextSeed } = vectors.ratchet;
    const turned = await turnRatchet(fromHex(seed), request);
    expect({ salt: toHex(turned.salt), nextSeed: toHex(turned.nextSeed) }).toEqual({ salt, nextSeed });
    const { ownerId, role, id } = vectors.recordId;
    expect(await recordIdFor(ownerId, request, role)).toBe(id);
  });
});

describe("what a sealed text is bound to", () => {
  it("any text comes back whole", async () => {
    const seal = sealFor();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 400 }), async (text) => {
        expect(await seal.open(place, await seal.seal(place, text))).toBe(text);
      }),
    );
  });

  it("[A19] one flipped bit anywhere is refused", async () => {
    const seal = sealFor();
    const sealed = new Uint8Array(await seal.seal(place, "The tide turns twice a day."));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = sealed.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      await expect(seal.open(place, damaged.buffer)).rejects.toThrow(SealBrokenError);
    }
  });

  it("every cut and every extension is refused", async () => {
    const seal = sealFor();
    const sealed = new Uint8Array(await seal.seal(place, "Short."));
    for (let length = 0; length < sealed.length; length++) {
      await expect(seal.open(place, sealed.slice(0, length).buffer)).rejects.toThrow(SealBrokenError);
    }
    const longer = new Uint8Array([...sealed, 0]);
    await expect(seal.open(place, longer.buffer)).rejects.toThrow(SealBrokenError);
  });

  it.each<Partial<Place>>([{ table: "threads" }, { field: "title" }, { rowId: "another" }, { rev: 1 }, { part: 1 }])(
    "a text moved to %o does not open",
    async (change) => {
      const seal = sealFor();
      const sealed = await seal.seal(place, "Here and nowhere else.");
      await expect(seal.open({ ...place, ...change }, sealed)).rejects.toThrow(SealBrokenError);
    },
  );

  it.each<Partial<Scope>>([
    { envId: "preview" },
    { ownerId: "someone" },
    { workspaceId: "elsewhere" },
    { threadRecordId: "another" },
    { gen: 4 },
  ])("a text moved to a scope with %o does not open", async (change) => {
    const sealed = await sealFor().seal(place, "Here and nowhere else.");
    await expect(sealFor(change).open(place, sealed)).rejects.toThrow(SealBrokenError);
  });

  it("a text of another thread's key does not open, and the error says nothing of the text", async () => {
    const other = new ThreadSeal(fromHex(vectors.salt), scope);
    const sealed = await other.seal(place, "A secret.");
    const error = await sealFor()
      .open(place, sealed)
      .catch((caught: Error) => caught);
    expect(error).toBeInstanceOf(SealBrokenError);
    expect(String(error)).not.toContain("secret");
  });

  it("a text that is sealed rightly but under a nonce that is not its own does not open", async () => {
    const info = lengthPrefixed(SCHEME, "record", place.table, place.field, place.rowId, place.rev);
    const keys = await hkdf(fromHex(vectors.threadKey), new Uint8Array(0), info, 64);
    const { envId, ownerId, workspaceId, threadRecordId, gen } = scope;
    const at = [place.table, place.field, place.rowId, ownerId, workspaceId, threadRecordId, place.rev, 0];
    const additionalData = lengthPrefixed(SCHEME, envId, ...at, 1, gen);
    const nonce = new Uint8Array(12).fill(3);
    const cipher = await importAesKey(keys.slice(0, 32));
    const text = pad(utf8("Hello."));
    const body = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, cipher, text);
    const forged = encodeEnvelope({ alg: 1, gen, nonce, body: new Uint8Array(body) });
    const error = await sealFor()
      .open(place, forged.buffer)
      .catch((caught: Error) => caught);
    expect(error).toMatchObject({ cause: { message: "The nonce is not its own" } });
  });

  it("a wrapped user key opens for its person, generation, key id and deployment alone", async () => {
    const owner = { ownerId: vectors.ownerId, gen: vectors.gen };
    const wrap = { kid: vectors.kid, wrapped: fromHex(vectors.wrapped) };
    const refused = [
      unwrapUserKey(ring, { ...owner, ownerId: "someone" }, wrap),
      unwrapUserKey(ring, { ...owner, gen: 4 }, wrap),
      unwrapUserKey({ ...ring, envId: "preview" }, owner, wrap),
      unwrapUserKey({ ...ring, roots: new Map([["k2", fromHex(vectors.root)]]) }, owner, { ...wrap, kid: "k2" }),
      unwrapUserKey(ring, owner, { ...wrap, kid: "gone" }),
    ];
    for (const outcome of await Promise.allSettled(refused)) expect(outcome.status).toBe("rejected");
  });
});

describe("nonces", () => {
  /** Which text each (key, nonce) pair was used for, over places, revisions and texts, with restores in between. */
  it("no key and nonce ever meet two texts, though counters go back and writes run twice", async () => {
    const seen = new Map<string, string>();
    const rows = fc.record({
      place: fc.record({
        table: fc.constantFrom("messages", "deltas"),
        field: fc.constant("text"),
        rowId: fc.constantFrom("a", "b"),
        rev: fc.nat(2),
        part: fc.nat(3),
      }),
      text: fc.string({ maxLength: 6 }),
    });
    const seal = sealFor();
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { maxLength: 20 }), async (writes) => {
        // A restored backup replays the same places with other texts: nothing here remembers what was written before.
        for (const write of [...writes, ...writes]) {
          const { nonce } = decodeEnvelope(new Uint8Array(await seal.seal(write.place, write.text)));
          const { part, ...record } = write.place;
          const use = JSON.stringify([record, toHex(nonce)]);
          const content = JSON.stringify([part, write.text]);
          expect(seen.get(use) ?? content).toBe(content);
          seen.set(use, content);
        }
      }),
      { numRuns: 300 },
    );
    expect(seen.size).toBeGreaterThan(1_000);
  });

  it("the same text at the same place is the same envelope, so that a repeated write changes nothing", async () => {
    const [first, again] = await Promise.all([sealFor().seal(place, "Twice."), sealFor().seal(place, "Twice.")]);
    expect(toHex(first)).toBe(toHex(again));
  });
});

describe("the salt ratchet", () => {
  it("the seed before and the seed after lead to a salt only together with the request's id", async () => {
    const seed = fromHex(vectors.ratchet.seed);
    const { salt, nextSeed } = await turnRatchet(seed, "client:one");
    const guessed = await turnRatchet(seed, "client:two");
    const later = await turnRatchet(nextSeed, "client:one");
    const values = [salt, nextSeed, guessed.salt, guessed.nextSeed, later.salt, later.nextSeed].map(toHex);
    expect(new Set(values).size).toBe(values.length);
  });

  it("record ids differ by owner, request and role", async () => {
    const ids = await Promise.all([
      recordIdFor("ada", "client:1", "message"),
      recordIdFor("bob", "client:1", "message"),
      recordIdFor("ada", "client:2", "message"),
      recordIdFor("ada", "client:1", "reply"),
    ]);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  });
});
