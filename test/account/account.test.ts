import { describe, expect, it } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { noteDeleted } from "../erasure/world.ts";
import { refusalOf, signedIn, startBackend, useBackendEnvironment, visitor } from "../support/backend.ts";

useBackendEnvironment();

const countRows = (backend: ReturnType<typeof startBackend>) =>
  backend.run(async (ctx) => {
    const tables = ["users", "workspaces", "memberships", "userKeys", "saltRatchets"] as const;
    const rows = await Promise.all(tables.map((table) => ctx.db.query(table).collect()));
    return Object.fromEntries(tables.map((table, index) => [table, rows[index]?.length]));
  });

describe("signing in", () => {
  it("makes an account with a personal workspace and a key once, however often it is called", async () => {
    const backend = startBackend();
    const ada = visitor(backend);
    const first = await ada.action(api.account.signIn, {});
    expect(await ada.action(api.account.signIn, {})).toEqual(first);
    expect(await countRows(backend)).toEqual({
      users: 1,
      workspaces: 1,
      memberships: 1,
      userKeys: 1,
      saltRatchets: 1,
    });
  });

  it("leaves one key when two first visits meet", async () => {
    const backend = startBackend();
    const ada = visitor(backend);
    const [first, second] = await Promise.all([ada.action(api.account.signIn, {}), ada.action(api.account.signIn, {})]);
    expect(first).toEqual(second);
    expect(await countRows(backend)).toMatchObject({ users: 1, userKeys: 1, saltRatchets: 1 });
  });

  it("gives each person an account of their own", async () => {
    const backend = startBackend();
    const ada = await visitor(backend, "Ada").action(api.account.signIn, {});
    const bob = await visitor(backend, "Bob").action(api.account.signIn, {});
    expect(ada.userId).not.toBe(bob.userId);
  });

  it("is refused without a token, and for an account that is being erased", async () => {
    const backend = startBackend();
    expect(await refusalOf(backend.action(api.account.signIn, {}))).toBe("unauthenticated");
    const ada = await signedIn(backend);
    await setState(backend, "erasing");
    expect(await refusalOf(ada.action(api.account.signIn, {}))).toBe("closing");
  });

  it("[A11] makes no key for somebody who is deleted between its two halves, and no account after", async () => {
    const backend = startBackend();
    const identityId = "user_ada";
    const { signingIn } = internal.account;
    const { userId: ownerId } = await backend.mutation(signingIn.ensureAccount, { identityId, name: "Ada" });
    await noteDeleted(backend, identityId);
    const key = { gen: 1, kid: "k1", wrapped: new ArrayBuffer(60), seed: new ArrayBuffer(32) };
    expect(await refusalOf(backend.mutation(signingIn.keepFirstKey, { ownerId, ...key }))).toBe("closing");
    expect(await refusalOf(visitor(backend).action(api.account.signIn, {}))).toBe("closing");
    expect(await countRows(backend)).toMatchObject({ users: 1, userKeys: 0, saltRatchets: 0 });
  });

  it("[A1] [B2] stores of the identity provider's data the user id and the name alone", async () => {
    const backend = startBackend();
    await signedIn(backend);
    const [user] = await backend.run((ctx) => ctx.db.query("users").collect());
    expect(Object.keys(user ?? {}).sort()).toEqual(
      ["_creationTime", "_id", "identityId", "name", "settings", "state", "told", "workspaceId"].sort(),
    );
    const everything = JSON.stringify(user);
    expect(everything).not.toContain("@mail.test");
    expect(everything).not.toContain("issuer.test");
  });

  it("[A19] the key rests wrapped: the master key alone opens it", async () => {
    const backend = startBackend();
    await signedIn(backend, "Ada");
    await signedIn(backend, "Bob");
    const [ada, bob] = await backend.run((ctx) => ctx.db.query("userKeys").collect());
    expect(ada).toMatchObject({ gen: 1, kid: "k1" });
    expect(ada?.wrapped.byteLength).toBe(12 + 32 + 16);
    const empty = new ArrayBuffer(0);
    expect(Buffer.from(ada?.wrapped ?? empty)).not.toEqual(Buffer.from(bob?.wrapped ?? empty));
  });

  it("says which variable is at fault when the key ring is missing", async () => {
    const ada = visitor(startBackend());
    process.env.CRYPTO_KEYRING = "";
    await expect(ada.action(api.account.signIn, {})).rejects.toThrow("CRYPTO_KEYRING is not set");
  });
});

describe("the profile", () => {
  it("is null for a stranger and before the first sign-in", async () => {
    const backend = startBackend();
    expect(await backend.query(api.account.me, {})).toBeNull();
    expect(await visitor(backend).query(api.account.me, {})).toBeNull();
  });

  it("shows name, mail, plan, credits, state and settings", async () => {
    const ada = await signedIn(startBackend());
    expect(await ada.query(api.account.me, {})).toEqual({
      userId: expect.any(String),
      name: "Ada",
      email: "user_ada@mail.test",
      plan: "free",
      credits: { balance: 2_000, held: 0 },
      erasesAt: null,
      state: "live",
      settings: {},
      operator: false,
    });
  });

  it("[A10] changes name and settings, and keeps settings that are left out", async () => {
    const ada = await signedIn(startBackend());
    await ada.mutation(api.account.update, { name: "  Ada Lovelace ", settings: { theme: "dark" } });
    await ada.mutation(api.account.update, { settings: { defaultModel: "large" } });
    expect(await ada.query(api.account.me, {})).toMatchObject({
      name: "Ada Lovelace",
      settings: { theme: "dark", defaultModel: "large" },
    });
  });

  it("refuses a default model that is not in the catalogue", async () => {
    const ada = await signedIn(startBackend());
    expect(await refusalOf(ada.mutation(api.account.update, { settings: { defaultModel: "gpt-0" } }))).toBe("invalid");
  });

  it.each(["", "   ", "x".repeat(101)])("refuses the name %j", async (name) => {
    const ada = await signedIn(startBackend());
    expect(await refusalOf(ada.mutation(api.account.update, { name }))).toBe("invalid");
  });

  it("takes a name of a hundred characters, however many units they have", async () => {
    const ada = await signedIn(startBackend());
    await ada.mutation(api.account.update, { name: "🌊".repeat(100) });
    expect(await ada.query(api.account.me, {})).toMatchObject({ name: "🌊".repeat(100) });
  });
});

describe("the account's state", () => {
  it.each([
    ["restricted", "restricted"],
    ["closing", "closing"],
    ["erasing", "unauthenticated"],
  ] as const)("an account that is %s refuses to write as %s", async (state, code) => {
    const backend = startBackend();
    const ada = await signedIn(backend);
    await setState(backend, state);
    expect(await refusalOf(ada.mutation(api.account.update, { name: "Ada" }))).toBe(code);
  });

  it("[A12] a restricted account can still be read", async () => {
    const backend = startBackend();
    const ada = await signedIn(backend);
    await setState(backend, "restricted");
    expect(await ada.query(api.account.me, {})).toMatchObject({ state: "restricted" });
    expect(await ada.query(api.models.list, {})).toHaveLength(2);
  });
});

function setState(backend: ReturnType<typeof startBackend>, state: "restricted" | "closing" | "erasing") {
  return backend.run(async (ctx) => {
    const user = await ctx.db.query("users").first();
    if (user) await ctx.db.patch("users", user._id, { state });
  });
}
