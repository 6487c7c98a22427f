import { api, internal } from "../../convex/_generated/api.js";
import { CLOSURE_GRACE_MS } from "../../src/policy/periods.ts";
import * as activities from "./activities.ts";
import type { Modules } from "./backend.ts";
import { chaos } from "./chaos.ts";
import { check, isToBeThere } from "./checkpoints.ts";
import type { FaultName } from "./faults.ts";
import { live } from "./lives.ts";
import { lookBack } from "./lookingBack.ts";
import { liftHolds } from "./operators.ts";
import { judge } from "./oracles.ts";
import { type Chat, endsAtMs, Person } from "./people.ts";
import {
  type ChatLeft,
  ownedBy,
  type PersonLeft,
  type Remains,
  type Row,
  readScheduled,
  readTables,
} from "./remains.ts";
import { NeverRests } from "./timeline.ts";
import { LONGEST_ACTIVITY_MS, LONGEST_SKEW_MS, type RunOptions, World } from "./world.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** After these, one behind the other, everything has come to rest: two nights, and every pause there is. */
const REST_MS = [2, 15, 65, 130, 25 * 60, 65, 25 * 60, 130, 25 * 60, 15].map((minutes) => minutes * MINUTE_MS);
/** Nights that a closed account may take to go once its time is over. */
const GOING_MS = 2 * DAY_MS;

/** What came of a run. */
export interface Outcome {
  /** What was run. */
  of: RunOptions;
  /** What was wrong; nothing, where all is well. */
  findings: string[];
  reached: [FaultName, number][];
  digest: string;
  log: string[];
  said: string[];
  crossings: string[];
}

/** Runs one seed from an empty database until everything has come to rest, and judges what is left. */
export async function simulate(modules: Modules, options: RunOptions): Promise<Outcome> {
  const world = new World(options);
  try {
    await world.open(modules);
    const findings = [...(await runToRest(world, options.course)), ...world.wrong];
    const { log, said, crossings } = world;
    const reached = [...world.faults.reached];
    return { of: options, findings, reached, digest: world.digest(), log, said, crossings };
  } finally {
    world.close();
  }
}

/** Lives through a course and what comes of it; gives what is wrong at the end. */
async function runToRest(world: World, course: RunOptions["course"]): Promise<string[]> {
  try {
    const bystander = await settleBystander(world);
    world.beginCourse();
    const people = await (course === "chaos" ? chaos(world) : live(world, course));
    return judge(await comeToRest(world, people, bystander));
  } catch (error) {
    if (error instanceof NeverRests) return [`I7 ${error.message}`];
    // One seed that breaks off keeps no other from being run.
    return [`The run broke off: ${error instanceof Error ? error.stack : String(error)}`];
  }
}

/** Somebody who does something before all begins, and nothing from then on. */
interface Bystander {
  person: Person;
  before: string[];
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

/** From now on nothing goes wrong any more; when all is over, everything is looked at. */
async function comeToRest(world: World, people: Person[], bystander: Bystander): Promise<Remains> {
  world.faults.end();
  await liftHolds(world);
  for (const restMs of REST_MS) {
    await world.live(restMs, restMs);
    await world.finishStarted(LONGEST_ACTIVITY_MS);
    await check(world, people);
  }
  world.endCourse();
  const peopleLeft = [];
  for (const person of [bystander.person, ...people]) peopleLeft.push(await lookAt(person));
  await world.live(10 * MINUTE_MS, 5 * MINUTE_MS);
  // What the crons of the last moment have scheduled may run; no cron begins anything more.
  await world.timeline.runUntil(world.timeline.nowMs + MINUTE_MS);
  const tables = await readTables(world);
  return {
    tables,
    components: await readRates(world),
    scheduled: await readScheduled(world),
    objects: world.objects.contents,
    openUploads: world.objects.uploads.size,
    films: world.models.knownFilms,
    said: world.said,
    people: peopleLeft,
    bystander: { before: bystander.before, after: ownedBy(bystander.person, tables, world.objects) },
    largestTransaction: world.largestTransaction,
    told: world.post.taken,
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
  const mayBeGone = person.askedToBeErased || (closedAtMs !== null && closedAtMs + CLOSURE_GRACE_MS < restedAtMs);
  const isOpen = isAtProvider && userId !== null && person.closedAtMs === null;
  if (isOpen) world.wrong.push(...((await inWorld(person, () => lookBack(person))) ?? []));
  const { signedInAtMs } = person;
  return { name, identityId, ids, signedInAtMs, isAtProvider, isErased, isPastGrace, mayBeGone, chats };
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

function shouldBe(person: Person, chat: Chat): ChatLeft["should"] {
  const { nowMs } = person.world.timeline;
  if (chat.isRemoved) return "be gone";
  // A clock that was behind when the chat's period began lets it be hidden so much earlier, though it is there.
  if (endsAtMs(chat) > nowMs + LONGEST_SKEW_MS) return "be";
  if (isToBeThere(person, chat)) return "be kept";
  return person.restrictedSinceMs !== null || endsAtMs(chat) > nowMs - DAY_MS ? "be either" : "be gone";
}
