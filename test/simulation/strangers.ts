/** What people do who should not, and what senders say that nobody understands. */
import { itemJson, payerJson, signed } from "../support/clerkEvents.ts";
import type { Person } from "./people.ts";
import { MEDIA_SECRET, OLD_WEBHOOK_SECRET, type World } from "./world.ts";

type Stranger = (world: World, people: Person[]) => Promise<void>;

const FOREIGN_SECRET = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
const MOST_WAITING_MS = 4_000;
const DAY_MS = 24 * 60 * 60_000;

/** Signs with a secret of their own, changes what was signed, and signs with a secret that leaked. */
const forger: Stranger = async (world, people) => {
  world.faults.note("forged");
  const { identityId } = world.chance.pick(people);
  const body = { object: "user", id: identityId, deleted: true };
  const foreign = await world.post.deliver("user.deleted", body, FOREIGN_SECRET);
  const changed = await world.post.deliverChanged("user.deleted", body);
  if (foreign !== 401 || changed !== 401) world.wrong.push("A forged webhook was taken in");
  await world.post.deliver("user.deleted", body, OLD_WEBHOOK_SECRET);
};

/** Says what nobody here understands, genuinely. */
const newcomer: Stranger = async (world) => {
  world.faults.note("unknownType");
  const status = await world.post.deliver(
    "organization.created",
    { object: "organization", id: "org_1" },
    OLD_WEBHOOK_SECRET,
  );
  const odd = await world.post.deliver("subscription.updated", { payer: null, items: 7 }, OLD_WEBHOOK_SECRET);
  if (status !== 200 || odd !== 200) world.wrong.push("A genuine webhook that nobody understands was refused");
};

/** Was deleted at the identity provider before they ever signed in, and is heard of in the wrong order. */
const passerBy: Stranger = async (world) => {
  world.faults.note("deletedBeforeCreated");
  const id = `user_passing_${world.chance.whole(0, 9)}`;
  await world.post.deliver("user.deleted", { object: "user", id, deleted: true }, OLD_WEBHOOK_SECRET);
  await world.post.deliver("user.created", { id, first_name: "Passing", updated_at: 1 }, OLD_WEBHOOK_SECRET);
};

/** Sells a plan, and tells of it in the wrong order. */
const seller: Stranger = async ({ chance, faults, post, timeline }, people) => {
  faults.note("billingOutOfOrder");
  const { identityId } = chance.pick(people);
  const startAt = timeline.nowMs;
  const item = { id: `item_${startAt}`, slug: "plus", startAt, endAt: startAt + 30 * DAY_MS };
  const payer = payerJson(identityId);
  for (const status of ["active", "canceled", chance.pick(["active", "ended"])]) {
    post.tell("subscription.updated", { payer, items: [itemJson({ ...item, status })] });
    await timeline.pause(chance.whole(1, MOST_WAITING_MS));
  }
};

/** Pretends to be a provider of films, and is one, for orders that may be anybody's. */
const projectionist: Stranger = async (world, people) => {
  const { chance, faults, backend, models } = world;
  faults.note("hintForged");
  const id = chance.pick(["film_1", "film_2", ...models.films.keys()]);
  const body = JSON.stringify({ type: "video.completed", data: { id } });
  const forged = await backend.fetch("/webhooks/media/openai", providerSigned(body, FOREIGN_SECRET));
  if (forged.status !== 401) world.wrong.push("A provider's forged webhook was taken in");
  const genuine = await backend.fetch("/webhooks/media/openai", providerSigned(body, MEDIA_SECRET));
  if (genuine.status !== 200) world.wrong.push("A provider's webhook was refused");
  if (people.some(({ isErased }) => isErased)) faults.note("hintAfterErasure");
};

export const strangers: readonly Stranger[] = [forger, newcomer, passerBy, seller, projectionist];

/** As Standard Webhooks are signed, which differ from Svix's in the names of their headers alone. */
function providerSigned(body: string, secret: string): RequestInit {
  const { headers, ...init } = signed(body, { secret });
  const named = Object.entries(headers).map(([name, value]) => [name.replace("svix-", "webhook-"), value]);
  return { ...init, headers: Object.fromEntries(named) };
}
