import { readdirSync, readFileSync } from "node:fs";
import { wrapDatabaseReader, wrapDatabaseWriter } from "convex-helpers/server/rowLevelSecurity";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import type { DatabaseReader, MutationCtx } from "../../convex/_generated/server.js";
import { scopeRules, type Viewer } from "../../convex/lib/scope.ts";
import schema from "../../convex/schema.ts";
import { type Backend, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say, send } from "../support/chats.ts";

useBackendEnvironment();

const POLICY = { defaultPolicy: "deny" } as const;
const tables = Object.keys(schema.tables) as (keyof typeof schema.tables)[];
let backend: Backend;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  const ada = await signedIn(backend);
  await signedIn(backend, "Bob");
  const { messageId } = await say(ada, "Mine");
  await ada.mutation(api.messages.edit, { messageId, text: "Mine again" });
  await send(ada, "And this");
});

/** The person of that name as a public function sees them. */
async function viewerOf(ctx: { db: DatabaseReader }, name: string): Promise<Viewer> {
  const user = (await ctx.db.query("users").collect()).find((each) => each.name === name);
  if (!user?.workspaceId) throw new Error(`${name} has no account`);
  return { user, userId: user._id, workspaceId: user.workspaceId, role: "owner" };
}

/** The ids of the rows a person sees, by table. */
function rowsSeenBy(name: string): Promise<Record<string, string[]>> {
  return backend.run(async (ctx) => {
    const viewer = await viewerOf(ctx, name);
    const db = wrapDatabaseReader({ viewer }, ctx.db as DatabaseReader, scopeRules, POLICY);
    const seen: Record<string, string[]> = {};
    for (const table of tables) {
      const rows = await db.query(table).collect();
      seen[table] = rows.map(({ _id }) => _id);
    }
    return seen;
  });
}

describe("[B29] the scoped data layer", () => {
  it("shows a person their own rows and nobody else's, in whatever table", async () => {
    const [ada, bob] = [await rowsSeenBy("Ada"), await rowsSeenBy("Bob")];
    const counts = Object.fromEntries(Object.entries(ada).map(([table, ids]) => [table, ids.length]));
    expect(counts).toMatchObject({
      users: 1,
      userKeys: 1,
      saltRatchets: 1,
      threads: 2,
      threadKeys: 2,
      branches: 1,
      messages: 6,
      forks: 1,
      generations: 2,
    });
    for (const [table, ids] of Object.entries(bob)) expect(ids.filter((id) => ada[table]?.includes(id))).toEqual([]);
    expect(bob.users).toHaveLength(1);
    expect(bob.messages).toEqual([]);
  });

  it("lets nobody change, delete or add a row of someone else's", async () => {
    await backend.run(async (ctx) => {
      const viewer = await viewerOf(ctx, "Bob");
      const db = wrapDatabaseWriter({ viewer }, ctx.db as MutationCtx["db"], scopeRules, POLICY);
      const message = await ctx.db.query("messages").first();
      const generation = await ctx.db.query("generations").first();
      if (!message || !generation) throw new Error("Ada said nothing");
      const { _id, _creationTime, ...copy } = message;
      const { _id: generationId, _creationTime: _at, ...lease } = generation;
      await expect(db.patch("messages", _id, { depth: 9 })).rejects.toThrow("no read access");
      await expect(db.delete("messages", _id)).rejects.toThrow("no read access");
      await expect(db.delete("generations", generationId)).rejects.toThrow("no read access");
      await expect(db.insert("messages", copy)).rejects.toThrow("insert access not allowed");
      await expect(db.insert("generations", lease)).rejects.toThrow("insert access not allowed");
    });
  });

  it("closes keys to writers, and tables without rules to everyone", async () => {
    await backend.run(async (ctx) => {
      const viewer = await viewerOf(ctx, "Ada");
      const db = wrapDatabaseWriter({ viewer }, ctx.db as MutationCtx["db"], scopeRules, POLICY);
      const key = await db.query("userKeys").first();
      if (!key) throw new Error("Ada has no key");
      await expect(db.patch("userKeys", key._id, { gen: 2 })).rejects.toThrow("write access not allowed");
      expect(await db.query("memberships").collect()).toEqual([]);
      expect(await db.query("workspaces").collect()).toEqual([]);
    });
  });
});

describe("public functions", () => {
  const doors = readdirSync("convex").filter((name) => name.endsWith(".ts"));
  const source = (name: string) => readFileSync(`convex/${name}`, "utf8");

  it("reach the database through the scoped layer, except for the one that says whether there is an account", () => {
    const builders = /import \{([^}]*)\} from "\.\/_generated\/server\.js"/;
    const unscoped = doors.flatMap((name) => {
      const imported =
        builders
          .exec(source(name))?.[1]
          ?.split(",")
          .map((each) => each.trim()) ?? [];
      return imported.filter((each) => ["query", "mutation"].includes(each)).map((each) => `${name}: ${each}`);
    });
    expect(unscoped).toEqual(["account.ts: query"]);
  });

  it("show the whole database to operators alone, through one door", () => {
    expect(doors.filter((name) => source(name).includes("operatorQuery("))).toEqual(["operator.ts"]);
  });

  it("ask who is calling first where they are actions, which have no database to scope", () => {
    const actions = doors.flatMap((name) =>
      source(name)
        .split(/^export const /m)
        .filter((text) => / = action\(/.test(text)),
    );
    expect(actions.length).toBeGreaterThanOrEqual(3);
    for (const text of actions) expect(text).toMatch(/handler: async \(.*=> \{\n.*await requireIdentity\(ctx\);/);
  });

  it("stand in the doors: no file in a feature's room has one", () => {
    const rooms = readdirSync("convex", { recursive: true, encoding: "utf8" }).filter((path) => path.includes("/"));
    const sources = rooms.filter((path) => path.endsWith(".ts") && !/^(_generated|lib)\//.test(path));
    const found = sources.filter((path) =>
      /= (query|mutation|action|(viewer|leaving|operator)(Query|Mutation))\(/.test(
        readFileSync(`convex/${path}`, "utf8"),
      ),
    );
    expect(sources.length).toBeGreaterThan(20);
    expect(found).toEqual([]);
  });
});
