import { api } from "../../convex/_generated/api.js";
import * as activities from "./activities.ts";
import { PNG } from "./models.ts";
import { Person } from "./people.ts";
import { CANARY, LONGEST_ACTIVITY_MS, type World } from "./world.ts";

const MINUTE_MS = 60_000;

type Step = (person: Person) => Promise<void>;

/**
 * An account from its first day to its last, one step after another, in a world where all is well: so that one action
 * can be killed after each of its calls in turn, and nothing else differs. The last step is taken twice, as people do
 * who got no answer.
 */
export async function oneLife(world: World): Promise<Person[]> {
  const person = new Person(world, "Ada");
  for (const step of [signIn, chat, upload, draw, exportAll, erase, erase]) {
    world.start(`${person.name}: ${step.name}`, () => step(person));
    await world.finishStarted(LONGEST_ACTIVITY_MS);
    await world.live(MINUTE_MS, MINUTE_MS);
  }
  return [person];
}

const signIn: Step = async (person) => {
  const signedIn = await person.action(api.account.signIn, {});
  if (signedIn) person.userId = signedIn.userId;
};

const chat: Step = async (person) => {
  const sent = await activities.say(person, null);
  if (sent) await person.action(api.messages.generate, { replyId: sent.replyId });
};

const upload: Step = async (person) => {
  const headers = { "Content-Type": "image/png", "X-File-Name": `${CANARY}.png` };
  const response = await person.fetch("/media/upload", { method: "POST", body: new Uint8Array(PNG), headers });
  if (response.status !== 200) return;
  const { mediaId } = (await response.json()) as { mediaId: string };
  await activities.say(person, person.chats[0] ?? null, [mediaId]);
};

const draw: Step = async (person) => {
  for (const kind of ["image", "video"] as const) {
    await person.mutation(api.media.request, { requestId: person.newRequestId(), kind, prompt: person.words(CANARY) });
  }
};

const exportAll: Step = async (person) => {
  await person.mutation(api.privacy.export, {});
};

const erase: Step = async (person) => {
  person.askedToBeErased = true;
  const done = await person.action(api.account.erase, { confirm: "erase" });
  if (done !== undefined) person.isErased = true;
};
