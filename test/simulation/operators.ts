/** What those do who run the service, while everything goes on. */
import { internal } from "../../convex/_generated/api.js";
import { readHeld } from "./checkpoints.ts";
import type { Person } from "./people.ts";
import { readTables } from "./remains.ts";
import type { World } from "./world.ts";

type Operator = (world: World, people: Person[]) => Promise<void>;

const DAY_MS = 24 * 60 * 60_000;
/** Pages of keys, each of which a lost race may cost. */
const MOST_PAGES = 20;

/** Puts a new master key into use, and wraps everybody's key with it. */
export const rotateKeys: Operator = async (world) => {
  world.faults.note("keysRotated");
  const keys = [7, 8].map((byte, index) => [`k${index + 1}`, Buffer.alloc(32, byte).toString("base64")]);
  process.env.CRYPTO_KEYRING = JSON.stringify(Object.fromEntries(keys));
  process.env.CRYPTO_ACTIVE_KID = "k2";
  await rewrapAll(world);
};

/** Holds somebody's account or one of their chats, whatever is going on with it. */
const hold: Operator = async (world, people) => {
  const { identityId, userId } = world.chance.pick(people);
  const { users = [], threads = [] } = await readTables(world, ["users", "threads"]);
  if (!users.some(({ _id }) => _id === userId)) return;
  const own = threads.filter(({ ownerId }) => ownerId === userId);
  const threadId = own.length > 0 && world.chance.happens(0.5) ? world.chance.pick(own)._id : undefined;
  world.faults.note("held");
  const order = { identityId, threadId, matter: "M-1", reviewAt: world.timeline.nowMs + DAY_MS, apply: true };
  const { holdId } = await world.backend.mutation(internal.legalHolds.placing.place, order);
  world.held.set(String(holdId), await readHeld(world, String(userId), threadId));
};

/** Lifts a hold, if there is any. */
const lift: Operator = async (world) => {
  const [hold] = await world.backend.run((ctx) => ctx.db.query("legalHolds").collect());
  if (hold) await world.backend.mutation(internal.legalHolds.placing.lift, { holdId: hold._id, apply: true });
};

export const operators: readonly Operator[] = [rotateKeys, hold, hold, lift];

/** Ends what operators have begun: all holds are lifted, and keys that a race has left behind are wrapped anew. */
export async function liftHolds(world: World): Promise<void> {
  const holds = await world.backend.run((ctx) => ctx.db.query("legalHolds").collect());
  for (const { _id } of holds)
    await world.backend.mutation(internal.legalHolds.placing.lift, { holdId: _id, apply: true });
  world.start("an operator", () => rewrapAll(world));
}

async function rewrapAll({ backend }: World): Promise<void> {
  for (let page = 0; page < MOST_PAGES; page++) {
    const { isDone } = await backend.action(internal.encryption.rotation.rewrapNext, {});
    if (isDone) return;
  }
}
