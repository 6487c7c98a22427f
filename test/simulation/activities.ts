/** What people do with the product, and what they learn from its answers. */
import { api, internal } from "../../convex/_generated/api.js";
import { UNDO_MS } from "../../src/policy/periods.ts";
import { PNG } from "./models.ts";
import { type Chat, endsAtMs, type Person } from "./people.ts";
import { CANARY, LONGEST_SKEW_MS, type World } from "./world.ts";

type Activity = (person: Person) => Promise<void>;

const MOST_WAITING_MS = 4_000;
/** Enough for some of what can be ordered, and not for all of it at once. */
const DEAREST_CREDITS = 120;

/** Signs in, perhaps twice at once, and says something before the key can be there. */
export const signIn: Activity = async (person) => {
  const { faults, chance } = person.world;
  if (person.userId === null && chance.happens(0.5)) {
    faults.note("signedInAtOnce");
    person.world.start(`${person.name} elsewhere`, async () => void (await person.action(api.account.signIn, {})));
    person.world.start(`${person.name} early`, async () => void (await say(person, null)));
  }
  const signedIn = await person.action(api.account.signIn, {});
  if (signedIn) person.noteSignIn(signedIn.userId);
};

/** Says something in a new chat or an old one, and has the reply written by this tab, by two, or by none. */
export const chat: Activity = async (person) => {
  const { chance, faults } = person.world;
  const sent = await say(person, chance.happens(0.6) ? anyChat(person) : null, { temporary: chance.happens(0.3) });
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
  const askedAtMs = person.world.timeline.nowMs;
  const sent = chance.happens(0.5)
    ? await person.mutation(api.messages.edit, {
        messageId: chance.pick(chat.messageIds),
        text: person.words(CANARY),
        requestId,
      })
    : await person.mutation(api.messages.regenerate, { messageId: chance.pick(chat.replyIds), requestId });
  if (!sent) return;
  startClockAnew(chat, askedAtMs);
  await generate(person, sent.replyId);
};

/** Goes on from somewhere in a chat in a chat of its own. */
export const branch: Activity = async (person) => {
  const chat = anyChat(person, isLasting);
  if (!chat) return;
  const args = {
    threadId: chat.id,
    messageId: person.world.chance.pick(chat.messageIds),
    requestId: person.newRequestId(),
  };
  const askedAtMs = person.world.timeline.nowMs;
  const made = await person.mutation(api.threads.branch, args);
  if (made) person.chats.push({ ...newChat(made.threadId, askedAtMs), isPlain: false });
};

export const pinOrUnpin: Activity = async (person) => {
  const chat = anyChat(person, isLasting);
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
  if (done !== undefined) await noteRemoval(person, chat);
};

/** Removes a chat with a key to bring it back, and uses that in time or too late. */
export const removeForAMoment: Activity = async (person) => {
  const { chance, timeline, wrong } = person.world;
  const chat = anyChat(person);
  if (!chat) return;
  const named = { threadId: chat.id, undoKey: person.newRequestId() };
  const done = await person.mutation(api.threads.remove, named);
  if (done === undefined) return;
  await noteRemoval(person, chat);
  const removedAtMs = timeline.nowMs;
  await timeline.pause(chance.whole(0, 2 * UNDO_MS));
  const back = await person.mutation(api.threads.restore, named);
  if (back === undefined) return;
  chat.isRemoved = false;
  chat.wasAway = true;
  const mostMs = UNDO_MS + 2 * (person.world.faults.isPlanned("clockWrong") ? LONGEST_SKEW_MS : 0);
  if (timeline.nowMs - removedAtMs > mostMs) wrong.push(`${person.name} brought back a chat too late`);
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
  const attachmentIds = [mediaId];
  const sent = await say(person, chance.happens(0.5) ? anyChat(person) : null, { attachmentIds });
  if (!sent) return;
  await generate(person, sent.replyId);
  if (!chance.happens(0.7)) return;
  // A copy of the medium, which outlives it.
  await say(person, null, { attachmentIds });
  await person.mutation(api.media.remove, { mediaId });
  person.keptMediaIds.delete(mediaId);
};

/** Orders a picture or a film, perhaps twice under one id, and perhaps thinks better of it. */
export const order: Activity = async (person) => {
  const { chance, faults, timeline } = person.world;
  const wasRestricted = isRestricted(person);
  const kind = chance.happens(faults.isPlanned("partsLeft") ? 0.2 : 0.6) ? ("image" as const) : ("video" as const);
  const chat = chance.happens(0.3) ? anyChat(person, isLasting) : null;
  const args = { requestId: person.newRequestId(), kind, prompt: person.words(CANARY), threadId: chat?.id };
  const askedAtMs = timeline.nowMs;
  const ordered = await person.mutation(api.media.request, args);
  if (!ordered) return;
  refuseRestricted(person, wasRestricted);
  if (chat) {
    startClockAnew(chat, askedAtMs);
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
  for (const { _id, deletesAt } of listed?.page ?? []) {
    refuseExpired(person, deletesAt);
    if (person.chats.some(({ id, isTemporary }) => id === _id && isTemporary))
      person.world.wrong.push(`I10 A temporary chat of ${person.name}'s is listed`);
  }
  const chat = anyChat(person);
  if (chat) await read(person, chat);
  const media = await person.query(api.media.library, { paginationOpts });
  const [medium] = media?.page ?? [];
  if (!medium) return;
  const ticket = await person.action(api.media.ticket, { mediaId: medium.mediaId });
  if (ticket) await readWhole(await person.fetch(ticket.url.slice(ticket.url.indexOf("/media/"))));
};

/** Opens every chat there was, none of which may be shown after its time. */
export const lookAtEach: Activity = async (person) => {
  for (const chat of person.chats.filter(({ isRemoved }) => !isRemoved)) await read(person, chat);
};

export const removeMedium: Activity = async (person) => {
  const media = await person.query(api.media.library, { paginationOpts: { numItems: 20, cursor: null } });
  const [medium] = media?.page ?? [];
  if (!medium) return;
  await person.mutation(api.media.remove, { mediaId: medium.mediaId });
  person.keptMediaIds.delete(medium.mediaId);
};

/** Keeps a medium, so that it outlives its chat. */
export const keepMedium: Activity = async (person) => {
  const media = await person.query(api.media.library, { paginationOpts: { numItems: 20, cursor: null } });
  const [medium] = media?.page ?? [];
  if (!medium) return;
  const done = await person.mutation(api.media.keep, { mediaId: medium.mediaId });
  if (done !== undefined) person.keptMediaIds.add(medium.mediaId);
};

/** Tries whether what is somebody else's opens, by ids that they should not know. */
export const pry: Activity = async (person) => {
  // Whoever does not know their own id takes what is theirs for somebody else's.
  if (person.userId === null) return;
  const { chance, backend, wrong } = person.world;
  const foreign = await backend.run(async (ctx) => {
    const named = async (table: "threads" | "media" | "exports") =>
      (await ctx.db.query(table).collect()).filter(({ ownerId }) => ownerId !== person.userId).map(({ _id }) => _id);
    return { threads: await named("threads"), media: await named("media"), exports: await named("exports") };
  });
  const paginationOpts = { numItems: 20, cursor: null };
  const [threadId] = pickOne(foreign.threads);
  const isRead = threadId && (await person.query(api.messages.list, { threadId, paginationOpts }));
  const paths = [...pickOne(foreign.media, "/media/"), ...pickOne(foreign.exports, "/exports/")];
  for (const path of paths) if ((await person.fetch(path)).ok) wrong.push(`I3 ${person.name} was served ${path}`);
  if (isRead) wrong.push(`I3 ${person.name} read a chat of somebody else's`);

  function pickOne(ids: string[], before = ""): string[] {
    return ids.length > 0 ? [before + chance.pick(ids)] : [];
  }
};

/** Changes their name at the identity provider, perhaps twice. */
export const rename: Activity = async ({ identityId, world }) => {
  for (let times = world.chance.whole(1, 3); times > 0; times--) {
    world.identity.rename(identityId);
    await world.timeline.pause(world.chance.whole(0, MOST_WAITING_MS));
  }
};

export const exportAll: Activity = async (person) => {
  await person.mutation(api.privacy.export, {});
};

export const restrict: Activity = async (person) => {
  const restricted = !isRestricted(person);
  const done = await person.mutation(api.privacy.setRestriction, { restricted });
  if (done !== undefined) person.restrictedSinceMs = restricted ? person.world.timeline.nowMs : null;
};

/** Closes the account, and looks whether something of it is still shown. */
export const closeAccount: Activity = async (person) => {
  const media = await person.query(api.media.library, { paginationOpts: { numItems: 20, cursor: null } });
  const askedAtMs = person.world.timeline.nowMs;
  const done = await person.mutation(api.account.close, {});
  if (done === undefined) return;
  person.closedAtMs ??= askedAtMs;
  const [medium] = media?.page ?? [];
  if (!medium) return;
  const isShown = (await person.fetch(`/media/${medium.mediaId}`)).ok;
  if (isShown && person.closedAtMs !== null)
    person.world.wrong.push(`I10 A file of ${person.name}'s closed account is shown`);
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

/** Spends the last credits many times at once. */
export const spendAtOnce: Activity = async (person) => {
  const { chance, faults, start } = surroundingsOf(person);
  const me = await person.query(api.account.me, {});
  if (!me) return;
  const taken = me.credits.held + chance.whole(0, DEAREST_CREDITS) - me.credits.balance;
  const { identityId } = person;
  const correction = { identityId, credits: taken, requestId: person.newRequestId(), apply: true };
  await person.world.backend.mutation(internal.usage.corrections.adjust, correction);
  faults.note("spentAtOnce");
  for (let tab = chance.whole(4, 10); tab > 0; tab--) start(`${person.name}'s tab ${tab}`, () => order(person));
};

/** Says something, in a new chat where none is given; undefined where it was refused. */
export async function say(
  person: Person,
  chat: Chat | null,
  { attachmentIds, temporary = false }: { attachmentIds?: string[]; temporary?: boolean } = {},
) {
  const { chance, faults, wrong } = person.world;
  const wasRemoved = chat?.isRemoved ?? false;
  const wasRestricted = isRestricted(person);
  const text = person.words(CANARY);
  const args = { requestId: person.newRequestId(), text, threadId: chat?.id, attachmentIds, temporary };
  const askedAtMs = person.world.timeline.nowMs;
  const sent = await person.mutation(api.messages.send, args);
  if (!sent) return undefined;
  if (wasRemoved && chat?.isRemoved) wrong.push(`${person.name} said something in a chat that was removed`);
  refuseRestricted(person, wasRestricted);
  if (chance.happens(0.2)) {
    faults.note("submittedTwice");
    const again = await person.mutation(api.messages.send, args);
    if (again && again.messageId !== sent.messageId) wrong.push("One request made two messages");
  }
  const known = chat ?? { ...newChat(sent.threadId, askedAtMs), isTemporary: temporary };
  if (!chat) person.chats.push(known);
  startClockAnew(known, askedAtMs);
  known.texts.push(args.text);
  known.messageIds.push(sent.messageId);
  known.replyIds.push(sent.replyId);
  return sent;
}

/** Pins or unpins a chat; says whether that was done. */
export async function setPinned(person: Person, chat: Chat, pinned: boolean): Promise<boolean> {
  const askedAtMs = person.world.timeline.nowMs;
  const done = await person.mutation(api.threads.setPinned, { threadId: chat.id, pinned });
  if (done === undefined) return false;
  if (chat.pinned && !pinned) startClockAnew(chat, askedAtMs);
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

function newChat(id: string, clockMs: number): Chat {
  const nothing = { texts: [], messageIds: [], replyIds: [] };
  const flags = { isTemporary: false, pinned: false, isRemoved: false, wasAway: false, isPlain: true };
  return { id, ...nothing, ...flags, clockMs };
}

/**
 * A chat's period begins no earlier than when that was asked for: before its end by that, it must be there. One that is
 * temporary ends when it was to end from its beginning.
 */
function startClockAnew(chat: Chat, askedAtMs: number): void {
  if (!chat.isTemporary) chat.clockMs = Math.max(chat.clockMs, askedAtMs);
}

function anyChat(person: Person, isFit: (chat: Chat) => boolean = () => true): Chat | null {
  const chats = person.chats.filter((chat) => !chat.isRemoved && chat.messageIds.length > 0 && isFit(chat));
  return chats.length > 0 ? person.world.chance.pick(chats) : null;
}

/** Only such a chat can be pinned, branched, or be for pictures and films. */
function isLasting({ isTemporary }: Chat): boolean {
  return !isTemporary;
}

async function noteRemoval(person: Person, chat: Chat): Promise<void> {
  chat.isRemoved = true;
  if (await person.hasKeyOf(chat)) person.world.wrong.push(`I2 A chat that ${person.name} removed still has its key`);
}

function isRestricted({ restrictedSinceMs }: Person): boolean {
  return restrictedSinceMs !== null;
}

/** Whoever was restricted before and after has had nothing written meanwhile. */
function refuseRestricted(person: Person, wasRestricted: boolean): void {
  if (wasRestricted && isRestricted(person))
    person.world.wrong.push(`${person.name} is restricted, and something was written`);
}

/** Opens a chat as the page does. */
async function read(person: Person, chat: Chat): Promise<void> {
  const threadId = chat.id;
  const opened = await person.query(api.threads.get, { threadId });
  if (opened) refuseExpired(person, opened.deletesAt);
  const listed = await person.query(api.messages.list, { threadId, paginationOpts: { numItems: 20, cursor: null } });
  // The clock may have been ahead that the chat's end is counted from, and it is counted from when that was asked for.
  if (listed) refuseExpired(person, endsAtMs(chat) + LONGEST_SKEW_MS + MOST_WAITING_MS);
}

/** Nothing may be shown after its time, but for as much as the clock may be behind of whoever looks. */
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
