/** What those do who run the service, while everything goes on. */
import { internal } from "../../convex/_generated/api.js";
import type { Person } from "./people.ts";
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

/** Holds somebody's account, whatever is going on with it. */
const hold: Operator = async (world, people) => {
  const person = world.chance.pick(people.filter(({ userId }) => userId !== null));
  const users = await world.backend.run((ctx) => ctx.db.query("users").collect());
  if (!users.some(({ _id }) => _id === person.userId)) return;
  world.faults.note("held");
  const order = { matter: "M-1", reviewAt: world.timeline.nowMs + DAY_MS, apply: true };
  await world.backend.mutation(internal.legalHolds.placing.place, { identityId: person.identityId, ...order });
};

export const operators: readonly Operator[] = [rotateKeys, hold];

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
