import { CLOSURE_GRACE_MS } from "../../src/policy/periods.ts";
import * as activities from "./activities.ts";
import type { Chance } from "./chance.ts";
import { check } from "./checkpoints.ts";
import { operators } from "./operators.ts";
import { endsAtMs, Person } from "./people.ts";
import { strangers } from "./strangers.ts";
import { LONGEST_ACTIVITY_MS, type World } from "./world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STRIDE_MS = 30_000;
/** Those in which the sweeps are watched that come shortly before something ends, or after. */
const STRIDES_AT_END = 4;
/** For so long what has ended may wait to be deleted, and somewhat longer. */
const AFTERWARDS_MS = 15 * MINUTE_MS;
/** For so long a sender of webhooks may say nothing, once it has given up. */
const SENDER_AWAY_MS = 6 * DAY_MS;
const NAMES = ["Ada", "Ben", "Cleo"];

/** A few people who do all they can, while everything goes wrong. */
export async function chaos(world: World): Promise<Person[]> {
  world.faults.begin();
  const tastes = drawTastes(world.chance);
  const people = NAMES.map((name) => new Person(world, name));
  for (const person of people) world.start(person.name, () => activities.signIn(person));
  await world.finishStarted(LONGEST_ACTIVITY_MS);
  for (let epoch = world.chance.whole(1, 3); epoch > 0; epoch--) {
    await beBusy(world, people, tastes);
    await check(world, people);
    await pass(world, people);
    await check(world, people);
  }
  return people;
}

/** Some minutes in which everybody does something, and strangers do too. */
async function beBusy(world: World, people: Person[], tastes: Activities): Promise<void> {
  for (const person of people) world.start(person.name, () => doSome(person, tastes));
  if (world.chance.happens(0.7)) world.start("a stranger", () => world.chance.pick(strangers)(world, people));
  if (world.chance.happens(0.5)) world.start("an operator", () => world.chance.pick(operators)(world, people));
  if (world.faults.isPlanned("endpointDown") && world.chance.happens(0.5)) world.post.giveUpFor(SENDER_AWAY_MS);
  await world.live(4 * STRIDE_MS, STRIDE_MS);
  await world.finishStarted(LONGEST_ACTIVITY_MS);
}

type Activities = readonly ((person: Person) => Promise<void>)[];

/** What people do, the more often the more often it is named. */
const ACTIVITIES: Record<"usual" | "rare", Activities> = {
  usual: [
    activities.chat,
    activities.chat,
    activities.chat,
    activities.change,
    activities.branch,
    activities.pinOrUnpin,
    activities.upload,
    activities.upload,
    activities.upload,
    activities.order,
    activities.order,
    activities.look,
    activities.removeChat,
    activities.removeForAMoment,
    activities.removeMedium,
    activities.keepMedium,
    activities.exportAll,
  ],
  rare: [
    activities.restrict,
    activities.closeAccount,
    activities.reopenAccount,
    activities.erase,
    activities.deleteIdentity,
    activities.spendAtOnce,
    activities.signIn,
    activities.rename,
    activities.pry,
  ],
};

const RARE_SHARE = 0.2;
/** How soon people undo what keeps them from doing anything. */
const RETURNING_SHARE = 0.6;
/** How keen on something people are in one run: runs that are alike find alike things. */
const KEENNESS = [0, 1, 1, 4];
const DRAWN = 40;
const MOST_CALMING = 12;

/** What the people of one run do, some of it much more often than those of another, and some of it not at all. */
function drawTastes(chance: Chance): Activities {
  const keen = (all: Activities) => {
    const liked = all.flatMap((activity) => Array.from({ length: chance.pick(KEENNESS) }, () => activity));
    return liked.length > 0 ? liked : all;
  };
  const [usual, rare] = [keen(ACTIVITIES.usual), keen(ACTIVITIES.rare)];
  return Array.from({ length: DRAWN }, () => chance.pick(chance.happens(RARE_SHARE) ? rare : usual));
}

async function doSome(person: Person, tastes: Activities): Promise<void> {
  const { chance, timeline } = person.world;
  for (let times = chance.whole(4, 8); times > 0; times--) {
    await timeline.pause(chance.whole(0, 6_000));
    const returning = chance.happens(RETURNING_SHARE) ? wayBack(person) : null;
    await (returning ?? chance.pick(tastes))(person);
  }
}

/** What lets somebody do things again, where something keeps them from it. */
function wayBack({ userId, closedAtMs, restrictedSinceMs }: Person): Activities[number] | null {
  if (userId === null) return activities.signIn;
  if (closedAtMs !== null) return activities.reopenAccount;
  return restrictedSinceMs === null ? null : activities.restrict;
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
  await timeline.runUntil(Math.max(timeline.nowMs, end - chance.whole(0, STRIDES_AT_END * STRIDE_MS)));
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
  const ends = chats
    .filter(({ isRemoved }) => !isRemoved)
    .map(endsAtMs)
    .filter(Number.isFinite);
  return closedAtMs === null ? ends : [...ends, closedAtMs + CLOSURE_GRACE_MS];
}

/** People do what they can to keep or to end things while the sweeps go over them. */
async function atTheEnd(world: World, people: Person[]): Promise<void> {
  const { chance, faults, timeline } = world;
  for (const person of people) {
    world.start(`${person.name} at the end`, async () => {
      for (const chat of person.chats.filter(({ isRemoved, isTemporary }) => !isRemoved && !isTemporary)) {
        if (!chance.happens(0.5)) continue;
        if (!chat.pinned) faults.note("pinRacesSweep");
        else if (endsAtMs({ ...chat, pinned: false }) < timeline.nowMs) faults.note("unpinnedLate");
        await activities.setPinned(person, chat, !chat.pinned);
        await activities.look(person);
      }
      if (person.closedAtMs !== null && chance.happens(0.5)) {
        faults.note("reopened");
        await activities.reopenAccount(person);
      }
    });
  }
  // What ends now must be there until it does.
  for (let stride = 0; stride < STRIDES_AT_END; stride++) {
    await world.live(STRIDE_MS, STRIDE_MS);
    await check(world, people);
  }
  await world.finishStarted(LONGEST_ACTIVITY_MS);
  // When what has ended is hidden by any clock, and need not be swept yet.
  await timeline.runUntil(timeline.nowMs + chance.whole(0, AFTERWARDS_MS));
  for (const person of people) world.start(`${person.name} afterwards`, () => activities.lookAtEach(person));
  await world.finishStarted(LONGEST_ACTIVITY_MS);
}
