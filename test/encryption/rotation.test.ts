import { beforeEach, describe, expect, it, vi } from "vitest";
import { internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { makeUserKey } from "../../convex/encryption/keys.ts";
import { readKeyring } from "../../convex/encryption/vault.ts";
import { judgeMasterKeys } from "../../scripts/doctor/masterKeys.ts";
import {
  type Backend,
  type Person,
  readMessages,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { say } from "../support/chats.ts";

useBackendEnvironment();

/** More than one step of the rotation. */
const MANY_KEYS = 601;

const { rewrapNext, oldWraps, swap, status } = internal.encryption.rotation;

let backend: Backend;
let ada: Person;
let threadId: string;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  ada = await signedIn(backend);
  ({ threadId } = await say(ada, "What are tides?"));
});

const root = (byte: number) => Buffer.alloc(32, byte).toString("base64");

/** Sets the ring: `k1` is the one that keys are wrapped with when a test begins. */
function setRing(activeKid: string, ...kids: string[]): void {
  const roots = { k1: root(7), k2: root(8) };
  vi.stubEnv(
    "CRYPTO_KEYRING",
    JSON.stringify(Object.fromEntries(Object.entries(roots).filter(([kid]) => kids.includes(kid)))),
  );
  vi.stubEnv("CRYPTO_ACTIVE_KID", activeKid);
}

/** Wraps anew until nothing old is met; gives how many were swapped in each step. */
async function rotate(): Promise<number[]> {
  const steps: number[] = [];
  for (;;) {
    const { swapped, isDone } = await backend.action(rewrapNext, {});
    if (isDone) return steps;
    steps.push(swapped);
  }
}

const keys = () => backend.run((ctx) => ctx.db.query("userKeys").collect());
const inUse = async () =>
  (await backend.query(status, {})).map(({ kid, isActive, isInRing, wraps }) => ({
    kid,
    isActive,
    isInRing,
    wraps: wraps.count,
  }));
const readTexts = async () => (await readMessages(ada, threadId)).map(({ text }) => text);

describe("rotating a master key", () => {
  it("[A19] wraps every key anew, page by page, and leaves nothing that needs the old one", async () => {
    await addKeys(MANY_KEYS);
    setRing("k2", "k1", "k2");
    expect(await inUse()).toEqual([
      { kid: "k1", isActive: false, isInRing: true, wraps: MANY_KEYS + 1 },
      { kid: "k2", isActive: true, isInRing: true, wraps: 0 },
    ]);
    expect(await rotate()).toEqual([500, MANY_KEYS + 1 - 500]);
    expect((await keys()).filter(({ kid }) => kid !== "k2")).toEqual([]);
    setRing("k2", "k2");
    expect(await readTexts()).toContain("What are tides?");
    await say(ada, "And moons?", threadId as Id<"threads">);
  });

  it("changes nothing but the wrap, and opens under either master key at every moment", async () => {
    const [before] = await keys();
    setRing("k2", "k1", "k2");
    expect(await readTexts()).toContain("What are tides?");
    await signedIn(backend, "Bob");
    expect((await keys()).map(({ kid }) => kid)).toEqual(["k1", "k2"]);
    await rotate();
    const [after] = await keys();
    const { kid: _old, wrapped: oldWrap, ...same } = before ?? {};
    expect(after).toMatchObject({ ...same, kid: "k2" });
    expect(Buffer.from(after?.wrapped ?? new ArrayBuffer(0))).not.toEqual(Buffer.from(oldWrap ?? new ArrayBuffer(0)));
    expect(await readTexts()).toContain("What are tides?");
  });

  it("brings back no key that was deleted meanwhile, and swaps none twice", async () => {
    await signedIn(backend, "Bob");
    setRing("k2", "k1", "k2");
    const wraps = (await backend.query(oldWraps, {})).map((old) => ({ ...old, oldKid: old.kid, kid: "k2" }));
    await backend.run((ctx) => ctx.db.delete("userKeys", wraps[0]?.keyId as Id<"userKeys">));
    expect(await backend.mutation(swap, { wraps })).toBe(1);
    expect(await backend.mutation(swap, { wraps })).toBe(0);
    expect(await keys()).toHaveLength(1);
  });

  it("may run twice at once", async () => {
    await addKeys(20);
    setRing("k2", "k1", "k2");
    const runs = await Promise.all([rotate(), rotate()]);
    expect(runs.flat().reduce((sum, swapped) => sum + swapped, 0)).toBe(21);
    expect(await readTexts()).toContain("What are tides?");
  });

  it("says which master key may not leave the ring, and where one has left too early", async () => {
    setRing("k2", "k2");
    expect(await inUse()).toEqual([
      { kid: "k2", isActive: true, isInRing: true, wraps: 0 },
      { kid: "k1", isActive: false, isInRing: false, wraps: 1 },
    ]);
    await expect(readTexts()).rejects.toThrow('The master key "k1" is not in CRYPTO_KEYRING');
    expect(await backend.action(rewrapNext, {})).toEqual({ swapped: 0, isDone: true });
    expect((await keys()).map(({ kid }) => kid)).toEqual(["k1"]);
  });
});

describe("the doctor", () => {
  const values = { CRYPTO_KEYRING: JSON.stringify({ k2: root(8) }), CRYPTO_ACTIVE_KID: "k2", CRYPTO_ENV_ID: "test" };

  it("refuses a ring without a master key that is in use, and takes one without a key that no row needs", async () => {
    setRing("k2", "k1", "k2");
    const answered = async () => `Running …\n${JSON.stringify(await backend.query(status, {}), null, 2)}\n`;
    expect(judgeMasterKeys(values, await answered())).toMatchObject({
      state: "wrong",
      message: expect.stringContaining("put k1 back"),
    });
    await rotate();
    expect(judgeMasterKeys(values, await answered())).toMatchObject({ state: "ok" });
  });
});

/** Adds keys of people who have nothing else. */
function addKeys(count: number): Promise<void> {
  return backend.run(async (ctx) => {
    const ring = readKeyring();
    for (let index = 0; index < count; index++) {
      const ownerId = await ctx.db.insert("users", {
        identityId: `user_${index}`,
        name: "",
        state: "live",
        settings: {},
      });
      const { kid, wrapped } = await makeUserKey(ring, { ownerId, gen: 1 });
      await ctx.db.insert("userKeys", { ownerId, gen: 1, kid, wrapped: wrapped.buffer });
    }
  });
}
