/** What people do with the product, and what they learn from its answers. */
import { api } from "../../convex/_generated/api.js";
import { UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { PNG } from "./models.ts";
import type { Chat, Person } from "./people.ts";
import { CANARY, LONGEST_SKEW_MS, type World } from "./world.ts";

type Activity = (person: Person) => Promise<void>;

const MOST_WAITING_MS = 4_000;

/** Signs in, perhaps twice at once, and says something before the key can be there. */
export const signIn: Activity = async (person) => {
  const { faults, chance } = person.world;
  if (person.userId === null && chance.happens(0.5)) {
    faults.note("signedInAtOnce");
    person.world.start(`${person.name} elsewhere`, async () => void (await person.action(api.account.signIn, {})));
    person.world.start(`${person.name} early`, async () => void (await say(person, null)));
  }
  const signedIn = await person.action(api.account.signIn, {});
  if (signedIn) person.userId = signedIn.userId;
};

/** Says something in a new chat or an old one, and has the reply written by this tab, by two, or by none. */
export const chat: Activity = async (person) => {
  const { chance, faults } = person.world;
  const sent = await say(person, chance.happens(0.6) ? anyChat(person) : null);
  if (!sent) return;
  const tabs = chance.pick([0, 1, 1, 1, 2]);
  if (tabs === 2) faults.note("submittedTwice");
  for (let tab = 1; tab < tabs; tab++)
    person.world.start(`${person.name}'s other tab`, () => generate(person, sent.replyId));
  if (chance.happens(0.3)) person.world.start(`${person.name} stops`, () => stop(person, sent.replyId));
  if (tabs > 0) await generate(person, sent.replyId);
};

/** Says something else in place of what was said, or has it answered again. */
export const change: Activity = async (person) => {
  const { chance } = person.world;
  const chat = anyChat(person);
  if (!chat) return;
  chat.isPlain = false;
  const requestId = person.newRequestId();
  const sent = chance.happens(0.5)
    ? await person.mutation(api.messages.edit, {
        messageId: chance.pick(chat.messageIds),
        text: person.words(CANARY),
        requestId,
      })
    : await person.mutation(api.messages.regenerate, { messageId: chance.pick(chat.replyIds), requestId });
  if (!sent) return;
  chat.clockMs = person.world.timeline.nowMs;
  await generate(person, sent.replyId);
};

/** Goes on from somewhere in a chat in a chat of its own. */
export const branch: Activity = async (person) => {
  const chat = anyChat(person);
  if (!chat) return;
  const args = {
    threadId: chat.id,
    messageId: person.world.chance.pick(chat.messageIds),
    requestId: person.newRequestId(),
  };
  const made = await person.mutation(api.threads.branch, args);
  if (made) person.chats.push({ ...newChat(person, made.threadId), isPlain: false });
};

export const pinOrUnpin: Activity = async (person) => {
  const chat = anyChat(person);
  if (chat) await setPinned(person, chat, !chat.pinned);
};

/** Removes a chat, perhaps while something is being said in it. */
export const removeChat: Activity = async (person) => {
  const { chance, faults, start } = surroundingsOf(person);
  const chat = anyChat(person);
  if (!chat) return;
  if (chance.happens(0.5)) {
    faults.note("sendRacesRemoval");
    start(`${person.name} says something late`, async () => void (await say(person, chat)));
  }
  const done = await person.mutation(api.threads.remove, { threadId: chat.id });
  if (done !== undefined) chat.isRemoved = true;
};

/** Uploads a file or a picture, and perhaps says something with it. */
export const upload: Activity = async (person) => {
  const { chance } = person.world;
  const isPicture = chance.happens(0.5);
  const body = isPicture ? new Uint8Array(PNG) : person.words(CANARY);
  const headers = {
    "Content-Type": isPicture ? "image/png" : "text/plain",
    "X-File-Name": `${CANARY}.${isPicture ? "png" : "txt"}`,
  };
  const response = await person.fetch("/media/upload", { method: "POST", body, headers });
  if (response.status !== 200) return person.world.note(`${person.name}'s file is refused: ${response.status}`);
  const { mediaId } = (await response.json()) as { mediaId: string };
  if (!chance.happens(0.7)) return;
  const sent = await say(person, chance.happens(0.5) ? anyChat(person) : null, [mediaId]);
  if (!sent) return;
  await generate(person, sent.replyId);
  if (!chance.happens(0.4)) return;
  // A copy of the medium, which outlives it.
  await say(person, null, [mediaId]);
  await person.mutation(api.media.remove, { mediaId });
};

/** Orders a picture or a film, perhaps twice under one id, and perhaps thinks better of it. */
export const order: Activity = async (person) => {
  const { chance, faults, timeline } = person.world;
  const kind = chance.happens(faults.isPlanned("partsLeft") ? 0.2 : 0.6) ? ("image" as const) : ("video" as const);
  const chat = chance.happens(0.3) ? anyChat(person) : null;
  const args = { requestId: person.newRequestId(), kind, prompt: person.words(CANARY), threadId: chat?.id };
  const ordered = await person.mutation(api.media.request, args);
  if (!ordered) return;
  if (chat) {
    chat.clockMs = timeline.nowMs;
    chat.texts.push(args.prompt);
  }
  person.jobIds.push(ordered.jobId);
  if (chance.happens(0.2)) {
    faults.note("submittedTwice");
    const again = await person.mutation(api.media.request, args);
    if (again && again.jobId !== ordered.jobId) person.world.wrong.push("One request made two jobs");
  }
  if (!chance.happens(0.3)) return;
  await timeline.pause(chance.whole(0, MOST_WAITING_MS));
  await person.mutation(api.media.cancel, { jobId: ordered.jobId });
  if (chance.happens(0.3)) await person.mutation(api.media.retry, { jobId: ordered.jobId });
};

/** Looks at chats, messages and media, none of which may be there after its time. */
export const look: Activity = async (person) => {
  const paginationOpts = { numItems: 20, cursor: null };
  const view = person.world.chance.pick(["recent", "pinned", "expiring"] as const);
  const listed = await person.query(api.threads.list, { paginationOpts, view });
  for (const { deletesAt } of listed?.page ?? []) refuseExpired(person, deletesAt);
  const chat = anyChat(person);
  const read = chat && (await person.query(api.messages.list, { threadId: chat.id, paginationOpts }));
  if (read && !chat.pinned) refuseExpired(person, chat.clockMs + UNPINNED_THREAD_MS);
  const media = await person.query(api.media.library, { paginationOpts });
  const [medium] = media?.page ?? [];
  if (!medium) return;
  const ticket = await person.action(api.media.ticket, { mediaId: medium.mediaId });
  if (ticket) await readWhole(await person.fetch(ticket.url.slice(ticket.url.indexOf("/media/"))));
};

export const removeMedium: Activity = async (person) => {
  const media = await person.query(api.media.library, { paginationOpts: { numItems: 20, cursor: null } });
  const [medium] = media?.page ?? [];
  if (medium) await person.mutation(api.media.remove, { mediaId: medium.mediaId });
};

export const exportAll: Activity = async (person) => {
  await person.mutation(api.privacy.export, {});
};

export const restrict: Activity = async (person) => {
  const restricted = !person.isRestricted;
  const done = await person.mutation(api.privacy.setRestriction, { restricted });
  if (done !== undefined) person.isRestricted = restricted;
};

export const closeAccount: Activity = async (person) => {
  const done = await person.mutation(api.account.close, {});
  if (done !== undefined) person.closedAtMs ??= person.world.timeline.nowMs;
};

export const reopenAccount: Activity = async (person) => {
  const done = await person.mutation(api.account.reopen, {});
  if (done !== undefined) person.closedAtMs = null;
};

/** Erases the account here, perhaps while an archive is being written or a reply streams. */
export const erase: Activity = async (person) => {
  const { chance, faults, start } = surroundingsOf(person);
  if (chance.happens(0.4)) {
    faults.note("erasedWhileExporting");
    await exportAll(person);
  }
  if (chance.happens(0.5)) {
    faults.note("fencedWhileStreaming");
    start(`${person.name} says a last thing`, () => chat(person));
    await person.world.timeline.pause(chance.whole(100, MOST_WAITING_MS));
  }
  person.askedToBeErased = true;
  const done = await person.action(api.account.erase, { confirm: "erase" });
  if (done === undefined) return;
  person.isErased = true;
  if (await person.hasKeys()) person.world.wrong.push(`I2 ${person.name} was told of the erasure and still has keys`);
};

/** Deletes the person at the identity provider. */
export const deleteIdentity: Activity = async (person) => {
  person.askedToBeErased = true;
  person.world.identity.delete(person.identityId);
};

/** Spends what is left many times at once. */
export const spendAtOnce: Activity = async (person) => {
  const { chance, faults, start } = surroundingsOf(person);
  faults.note("spentAtOnce");
  for (let tab = chance.whole(4, 10); tab > 0; tab--) start(`${person.name}'s tab ${tab}`, () => order(person));
};

/** Says something; undefined where it was refused. */
export async function say(person: Person, chat: Chat | null, attachmentIds?: string[]) {
  const { chance, faults, wrong, timeline } = person.world;
  const wasRemoved = chat?.isRemoved ?? false;
  const args = { requestId: person.newRequestId(), text: person.words(CANARY), threadId: chat?.id, attachmentIds };
  const sent = await person.mutation(api.messages.send, args);
  if (!sent) return undefined;
  if (wasRemoved) wrong.push(`${person.name} said something in a chat that was removed`);
  if (chance.happens(0.2)) {
    faults.note("submittedTwice");
    const again = await person.mutation(api.messages.send, args);
    if (again && again.messageId !== sent.messageId) wrong.push("One request made two messages");
  }
  const known = chat ?? newChat(person, sent.threadId);
  if (!chat) person.chats.push(known);
  known.clockMs = Math.max(known.clockMs, timeline.nowMs);
  known.texts.push(args.text);
  known.messageIds.push(sent.messageId);
  known.replyIds.push(sent.replyId);
  return sent;
}

/** Pins or unpins a chat; says whether that was done. */
export async function setPinned(person: Person, chat: Chat, pinned: boolean): Promise<boolean> {
  const done = await person.mutation(api.threads.setPinned, { threadId: chat.id, pinned });
  if (done === undefined) return false;
  if (chat.pinned && !pinned) chat.clockMs = person.world.timeline.nowMs;
  chat.pinned = pinned;
  return true;
}

async function generate(person: Person, replyId: string): Promise<void> {
  await person.action(api.messages.generate, { replyId });
}

async function stop(person: Person, messageId: string): Promise<void> {
  const { timeline, chance } = person.world;
  await timeline.pause(chance.whole(0, MOST_WAITING_MS));
  await person.mutation(api.messages.stop, { messageId });
}

function newChat(person: Person, id: string): Chat {
  const clockMs = person.world.timeline.nowMs;
  const nothing = { texts: [], messageIds: [], replyIds: [] };
  return { id, ...nothing, pinned: false, clockMs, isRemoved: false, isPlain: true };
}

function anyChat(person: Person): Chat | null {
  const chats = person.chats.filter(({ isRemoved, messageIds }) => !isRemoved && messageIds.length > 0);
  return chats.length > 0 ? person.world.chance.pick(chats) : null;
}

/** Nothing may be shown after its time, as far as clocks can be wrong. */
function refuseExpired({ world, name }: Person, deletesAtMs: number | null): void {
  if (deletesAtMs === null || deletesAtMs > world.timeline.nowMs - LONGEST_SKEW_MS) return;
  world.wrong.push(`I10 ${name} was shown a chat after its period`);
}

/** A body is read to its end even where it breaks off: that is the functions' way to fail closed. */
async function readWhole(response: Response): Promise<void> {
  await response.arrayBuffer().catch(() => undefined);
}

function surroundingsOf(person: Person): Pick<World, "chance" | "faults"> & { start: World["start"] } {
  const { world } = person;
  return { chance: world.chance, faults: world.faults, start: world.start.bind(world) };
}
