import { api } from "../../convex/_generated/api.js";
import { CLOSURE_GRACE_MS, EXPORT_MS, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import * as activities from "./activities.ts";
import { PNG } from "./models.ts";
import { rotateKeys } from "./operators.ts";
import { Person } from "./people.ts";
import { CANARY, LONGEST_ACTIVITY_MS, type World } from "./world.ts";

const MINUTE_MS = 60_000;

type Act = (person: Person) => Promise<void>;

/** What somebody does next, or how long nothing is done. */
type Step = Act | number;

const signIn: Act = async (person) => {
  const signedIn = await person.action(api.account.signIn, {});
  if (signedIn) person.noteSignIn(signedIn.userId);
};

const chat: Act = async (person) => {
  const sent = await activities.say(person, null);
  if (sent) await person.action(api.messages.generate, { replyId: sent.replyId });
};

const upload: Act = async (person) => {
  const headers = { "Content-Type": "image/png", "X-File-Name": `${CANARY}.png` };
  const response = await person.fetch("/media/upload", { method: "POST", body: new Uint8Array(PNG), headers });
  if (response.status !== 200) return;
  const { mediaId } = (await response.json()) as { mediaId: string };
  await activities.say(person, person.chats[0] ?? null, { attachmentIds: [mediaId] });
};

const draw: Act = (person) => request(person, "image");

/** A film so long that it is stored in parts. */
const film: Act = (person) => {
  person.world.models.shareOfLongFilms = 1;
  return request(person, "video");
};

const drawInChat: Act = (person) => request(person, "image", person.chats[0]?.id);

const thinkBetter: Act = async (person) => {
  const [jobId] = person.jobIds.slice(-1);
  if (!jobId) return;
  await person.mutation(api.media.cancel, { jobId });
  await person.mutation(api.media.retry, { jobId });
};

const exportAll: Act = activities.exportAll;

const close: Act = activities.closeAccount;

const reopen: Act = activities.reopenAccount;

const rotate: Act = ({ world }) => rotateKeys(world, []);

const deleteIdentity: Act = activities.deleteIdentity;

const erase: Act = async (person) => {
  person.askedToBeErased = true;
  const done = await person.action(api.account.erase, { confirm: "erase" });
  if (done !== undefined) person.isErased = true;
};

/** A step is taken twice as people do who got no answer. */
const LIVES = {
  erasedByThemselves: [signIn, chat, upload, draw, film, exportAll, erase, erase],
  erasedByWebhook: [signIn, chat, upload, draw, deleteIdentity],
  forgetting: [signIn, chat, upload, drawInChat, UNPINNED_THREAD_MS],
  making: [signIn, draw, film, thinkBetter],
  exporting: [signIn, chat, upload, exportAll, EXPORT_MS],
  leaving: [signIn, chat, upload, close, reopen, close, CLOSURE_GRACE_MS],
  rotating: [signIn, chat, upload, rotate, chat],
} as const satisfies Record<string, readonly Step[]>;

export type Life = keyof typeof LIVES;

/** Lives that differ in how they end, so that between them every action is called that matters. */
export const LIFE_NAMES = Object.keys(LIVES) as Life[];

/**
 * One account's life, one step after another, in a world where all is well: so that one action can be killed after each
 * of its calls in turn, and nothing else differs.
 */
export async function live(world: World, life: Life): Promise<Person[]> {
  const person = new Person(world, "Ada");
  const steps: readonly Step[] = LIVES[life];
  for (const step of steps) await take(person, step);
  return [person];
}

async function take(person: Person, step: Step): Promise<void> {
  const { world, name } = person;
  if (typeof step === "number") return world.live(step, step);
  world.start(`${name}: ${step.name}`, () => step(person));
  await world.finishStarted(LONGEST_ACTIVITY_MS);
  await world.live(MINUTE_MS, MINUTE_MS);
}

async function request(person: Person, kind: "image" | "video", threadId?: string): Promise<void> {
  const wanted = { requestId: person.newRequestId(), kind, prompt: person.words(CANARY), threadId };
  const ordered = await person.mutation(api.media.request, wanted);
  if (ordered) person.jobIds.push(ordered.jobId);
}
