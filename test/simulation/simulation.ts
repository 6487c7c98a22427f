import { api, internal } from "../../convex/_generated/api.js";
import { CLOSURE_GRACE_MS, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import * as activities from "./activities.ts";
import type { Modules } from "./backend.ts";
import type { FaultName } from "./faults.ts";
import { liftHolds, operators } from "./operators.ts";
import { judge, unnamedObjects } from "./oracles.ts";
import { type Chat, Person } from "./people.ts";
import {
  type ChatLeft,
  ownedBy,
  type PersonLeft,
  type Remains,
  type Row,
  readScheduled,
  readTables,
} from "./remains.ts";
import { strangers } from "./strangers.ts";
import { LONGEST_SKEW_MS, type RunOptions, World } from "./world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STRIDE_MS = 30_000;
/** The longest time in which what a person has begun is done, with all that may go wrong. */
const LONGEST_ACTIVITY_MS = 30 * MINUTE_MS;
/** For so long a sender of webhooks may say nothing, once it has given up. */
const SENDER_AWAY_MS = 6 * DAY_MS;
const NAMES = ["Ada", "Ben", "Cleo"];
/** After these, one behind the other, everything has come to rest: two nights, and every pause there is. */
const REST_MS = [2, 2, 15, 15, 65, 130, 25 * 60, 65, 25 * 60, 130, 25 * 60, 15].map((minutes) => minutes * MINUTE_MS);
/** When a chat or an account ends about now, it may be either way. */
const ABOUT_MS = 2 * LONGEST_SKEW_MS;
/** Nights that a closed account may take to go once its time is over. */
const GOING_MS = 2 * DAY_MS;

/** What came of a run. */
export interface Outcome {
  seed: number;
  /** What was wrong; nothing, where all is well. */
  findings: string[];
  reached: [FaultName, number][];
  digest: string;
  log: string[];
  said: string[];
  crossings: number;
}

/** Runs one seed from an empty database until everything has come to rest, and judges what is left. */
export async function simulate(modules: Modules, options: RunOptions, act = chaos): Promise<Outcome> {
  const world = new World(options);
  try {
    await world.open(modules);
    const { people, bystander } = await act(world);
    const remains = await comeToRest(world, people, bystander);
    const findings = [...world.wrong, ...judge(remains)];
    const { log, said, crossings } = world;
    const reached = [...world.faults.reached];
    return { seed: options.seed, findings, reached, digest: world.digest(), log, said, crossings };
  } finally {
    world.close();
  }
}

/** Somebody who does something before all begins, and nothing from then on. */
interface Bystander {
  person: Person;
  before: string[];
}

/** A few people who do all they can, while everything goes wrong. */
async function chaos(world: World): Promise<{ people: Person[]; bystander: Bystander }> {
  const bystander = await settleBystander(world);
  world.faults.begin();
  const people = NAMES.map((name) => new Person(world, name));
  for (const person of people) world.start(person.name, () => activities.signIn(person));
  await world.finishStarted(LONGEST_ACTIVITY_MS);
  for (let epoch = world.chance.whole(1, 3); epoch > 0; epoch--) {
    await beBusy(world, people);
    await pass(world, people);
  }
  return { people, bystander };
}

async function settleBystander(world: World): Promise<Bystander> {
  const person = new Person(world, "Zoe");
  world.start(person.name, async () => {
    const signedIn = await person.action(api.account.signIn, {});
    person.userId = signedIn?.userId ?? null;
    const sent = await activities.say(person, null);
    const [chat] = person.chats;
    if (!sent || !chat) throw new Error("The bystander could not begin");
    await person.action(api.messages.generate, { replyId: sent.replyId });
    await activities.setPinned(person, chat, true);
    await person.mutation(api.media.request, { requestId: person.newRequestId(), kind: "image", prompt: "calm" });
    // The deployment meets the identity provider before anything can be wrong with it.
    await world.backend.mutation(internal.erasure.reconciliation.begin, {});
  });
  await world.finishStarted(LONGEST_ACTIVITY_MS);
  await world.live(5 * MINUTE_MS, 5 * MINUTE_MS);
  return { person, before: ownedBy(person, await readTables(world), world.objects) };
}

/** Some minutes in which everybody does something, and strangers do too. */
async function beBusy(world: World, people: Person[]): Promise<void> {
  for (const person of people) world.start(person.name, () => doSome(person));
  if (world.chance.happens(0.7)) world.start("a stranger", () => world.chance.pick(strangers)(world, people));
  if (world.chance.happens(0.3)) world.start("an operator", () => world.chance.pick(operators)(world, people));
  if (world.faults.isPlanned("endpointDown") && world.chance.happens(0.5)) world.post.giveUpFor(SENDER_AWAY_MS);
  await world.live(4 * STRIDE_MS, STRIDE_MS);
  await world.finishStarted(LONGEST_ACTIVITY_MS);
  world.wrong.push(...unnamedObjects(await readTables(world), world.objects));
}

const USUAL = [
  activities.chat,
  activities.chat,
  activities.chat,
  activities.change,
  activities.branch,
  activities.pinOrUnpin,
  activities.upload,
  activities.upload,
  activities.order,
  activities.order,
  activities.look,
  activities.removeChat,
  activities.removeMedium,
  activities.exportAll,
];

const RARE = [
  activities.restrict,
  activities.closeAccount,
  activities.reopenAccount,
  activities.erase,
  activities.deleteIdentity,
  activities.spendAtOnce,
  activities.signIn,
];

const RARE_SHARE = 0.25;
const MOST_CALMING = 12;

async function doSome(person: Person): Promise<void> {
  const { chance, timeline } = person.world;
  for (let times = chance.whole(2, 6); times > 0; times--) {
    await timeline.pause(chance.whole(0, 8_000));
    const activity = chance.pick(chance.happens(RARE_SHARE) ? RARE : USUAL);
    await activity(person);
  }
}

/** Time passes: not at all, for a while, or up to the moment at which something ends. */
async function pass(world: World, people: Person[]): Promise<void> {
  const { chance, timeline } = world;
  const jumps = [0, HOUR_MS, DAY_MS, 29 * DAY_MS];
  const ends = people.flatMap((person) => endsOf(person)).filter((ms) => ms > timeline.nowMs);
  if (ends.length === 0 || chance.happens(0.4)) {
    await calmDown(world);
    return world.live(chance.pick(jumps), 29 * DAY_MS);
  }
  const end = chance.pick(ends);
  await calmDown(world);
  await timeline.runUntil(Math.max(timeline.nowMs, end - chance.whole(0, MINUTE_MS)));
  await atTheEnd(world, people);
}

/** Lets erasures end, as far as faults let them: over days in which no cron ran, each would look thousands of times. */
async function calmDown(world: World): Promise<void> {
  for (let times = 0; times < MOST_CALMING; times++) {
    await world.live(HOUR_MS, HOUR_MS / 2);
    const jobs = await world.backend.run((ctx) => ctx.db.query("erasureJobs").take(1));
    if (jobs.length === 0) return;
  }
}

/** The moments at which a person's chats and account end, if nothing happens. */
function endsOf({ chats, closedAtMs }: Person): number[] {
  const kept = chats.filter(({ pinned, isRemoved }) => !pinned && !isRemoved);
  const ends = kept.map(({ clockMs }) => clockMs + UNPINNED_THREAD_MS);
  return closedAtMs === null ? ends : [...ends, closedAtMs + CLOSURE_GRACE_MS];
}

/** People do what they can to keep or to end things while the sweeps go over them. */
async function atTheEnd(world: World, people: Person[]): Promise<void> {
  const { chance, faults } = world;
  for (const person of people) {
    world.start(`${person.name} at the end`, async () => {
      for (const chat of person.chats.filter(({ isRemoved }) => !isRemoved)) {
        if (!chance.happens(0.5)) continue;
        faults.note(chat.pinned ? "unpinnedLate" : "pinRacesSweep");
        await activities.setPinned(person, chat, !chat.pinned);
        await activities.look(person);
      }
      if (person.closedAtMs !== null && chance.happens(0.5)) {
        faults.note("reopened");
        await activities.reopenAccount(person);
      }
    });
  }
  await world.live(2 * MINUTE_MS, STRIDE_MS);
  await world.finishStarted(LONGEST_ACTIVITY_MS);
}

/** From now on nothing goes wrong any more; when all is over, everything is looked at. */
async function comeToRest(world: World, people: Person[], bystander: Bystander): Promise<Remains> {
  world.faults.end();
  await liftHolds(world);
  for (const restMs of REST_MS) {
    await world.live(restMs, restMs);
    await world.finishStarted(LONGEST_ACTIVITY_MS);
    world.wrong.push(...unnamedObjects(await readTables(world), world.objects));
  }
  const peopleLeft = [];
  for (const person of [bystander.person, ...people]) peopleLeft.push(await lookAt(person));
  await world.live(10 * MINUTE_MS, 5 * MINUTE_MS);
  const tables = await readTables(world);
  return {
    tables,
    components: await readRates(world),
    scheduled: await readScheduled(world),
    objects: world.objects.contents,
    openUploads: world.objects.uploads.size,
    said: world.said,
    people: peopleLeft,
    bystander: { before: bystander.before, after: ownedBy(bystander.person, tables, world.objects) },
    largestTransaction: world.largestTransaction,
    reusedNonces: world.nonces.reused.length,
    activeKid: process.env.CRYPTO_ACTIVE_KID ?? "",
  };
}

async function readRates({ backend }: World): Promise<Row[]> {
  const inside = backend as unknown as {
    runInComponent(path: string, read: (ctx: Reader) => Promise<Row[]>): Promise<Row[]>;
  };
  return inside.runInComponent("rateLimiter", (ctx) => ctx.db.query("rateLimits").collect());
}

interface Reader {
  db: { query(table: string): { collect(): Promise<Row[]> } };
}

/** What is left of somebody, and what they are shown. */
async function lookAt(person: Person): Promise<PersonLeft> {
  const { world, name, identityId, userId, isErased, closedAtMs } = person;
  const restedAtMs = world.timeline.nowMs;
  const isAtProvider = world.identity.users.has(identityId);
  const isPastGrace = closedAtMs !== null && closedAtMs + CLOSURE_GRACE_MS + GOING_MS < world.timeline.nowMs;
  if (closedAtMs !== null && isAtProvider && !isPastGrace)
    await inWorld(person, () => activities.reopenAccount(person));
  const chats: ChatLeft[] = [];
  for (const chat of person.chats) {
    const { id, texts, isPlain } = chat;
    const shown = isAtProvider ? await inWorld(person, () => textsOf(person, chat)) : null;
    chats.push({ id, texts, isPlain, should: shouldBe(person, chat), shown });
  }
  const ids = userId === null ? [] : [userId];
  const mayBeGone =
    person.askedToBeErased || (closedAtMs !== null && closedAtMs + CLOSURE_GRACE_MS - ABOUT_MS < restedAtMs);
  return { name, identityId, ids, isAtProvider, isErased, isPastGrace, mayBeGone, chats };
}

/** Does something with a person's account and gives what came of it. */
async function inWorld<Result>(person: Person, act: () => Promise<Result>): Promise<Result | null> {
  let result: Result | null = null;
  person.world.start(person.name, async () => {
    result = await act();
  });
  await person.world.finishStarted(LONGEST_ACTIVITY_MS);
  return result;
}

async function textsOf(person: Person, { id }: Chat): Promise<string[] | null> {
  const paginationOpts = { numItems: 200, cursor: null };
  const read = await person.query(api.messages.list, { threadId: id, paginationOpts });
  return read ? read.page.map(({ text }) => text) : null;
}

function shouldBe({ world, isRestricted }: Person, { isRemoved, pinned, clockMs }: Chat): ChatLeft["should"] {
  if (isRemoved) return "be gone";
  const endsAtMs = pinned ? Infinity : clockMs + UNPINNED_THREAD_MS;
  if (endsAtMs > world.timeline.nowMs + ABOUT_MS) return "be";
  return isRestricted || endsAtMs > world.timeline.nowMs - DAY_MS ? "be either" : "be gone";
}
