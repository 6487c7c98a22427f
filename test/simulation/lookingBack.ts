/** What people find when everything has come to rest: every file of theirs, and the archives they asked for. */
import { api } from "../../convex/_generated/api.js";
import { isFilm, PNG } from "./models.ts";
import { type Chat, endsAtMs, type Person } from "./people.ts";
import { CANARY, LONGEST_SKEW_MS } from "./world.ts";

const MOST_MEDIA = 50;

/** What somebody must see and does not, or sees and must not. For an account that is open, where nothing fails any more. */
export async function lookBack(person: Person): Promise<string[]> {
  return [...(await lookAtMedia(person)), ...(await lookAtArchives(person))];
}

/** Each of their files opens, and has in it what they put there. */
async function lookAtMedia(person: Person): Promise<string[]> {
  const library = await person.query(api.media.library, { paginationOpts: { numItems: MOST_MEDIA, cursor: null } });
  const media = library?.page ?? [];
  const lost = [...person.keptMediaIds].filter((id) => media.every(({ mediaId }) => mediaId !== id));
  const wrong = lost.map(() => `I9 Something that ${person.name} has kept is lost`);
  for (const { mediaId, kind, thumbnail } of media) {
    const bytes = await read(person, `/media/${mediaId}`);
    if (!bytes || !isContent(kind, bytes, person))
      wrong.push(`I9 A file of ${person.name}'s is not what it was: ${kind}`);
    const isSmallThere = thumbnail !== "made" || (await read(person, `/media/${mediaId}?variant=thumbnail`));
    if (!isSmallThere) wrong.push(`I9 A thumbnail of ${person.name}'s does not open`);
  }
  return wrong;
}

function isContent(kind: string, bytes: Buffer, { name }: Person): boolean {
  if (kind === "text") return bytes.toString().startsWith(`${CANARY} ${name} `);
  return kind === "video" ? isFilm(bytes) : bytes.equals(PNG);
}

/** An archive has what was there when it was asked for and still is, and nothing of others. */
async function lookAtArchives(person: Person): Promise<string[]> {
  const archives = (await person.query(api.privacy.exports, {})) ?? [];
  const wrong: string[] = [];
  for (const { url, requestedAt } of archives) {
    const bytes = url ? await read(person, url.slice(url.indexOf("/exports/"))) : null;
    if (url && !bytes) wrong.push(`I9 An archive of ${person.name}'s does not open`);
    if (bytes) wrong.push(...judgeArchive(person, bytes.toString("latin1"), requestedAt));
  }
  return wrong;
}

function judgeArchive(person: Person, archive: string, requestedAtMs: number): string[] {
  const { chats, name } = person;
  const isIn = (text: string) => archive.includes(`"${text}"`);
  const owners = archive.matchAll(new RegExp(`${CANARY} (\\w+) \\d`, "g"));
  const foreign = [...owners].some(([, owner]) => owner !== name);
  const missing = chats.filter((chat) => lastedSince(person, chat)).some((chat) => !saidBefore(chat).every(isIn));
  const temporary = chats.some(({ isTemporary, texts }) => isTemporary && texts.some(isIn));
  return [
    ...(foreign ? [`I3 An archive of ${name}'s has something of somebody else's`] : []),
    ...(missing ? [`I9 An archive of ${name}'s lacks something`] : []),
    ...(temporary ? [`I10 An archive of ${name}'s has a temporary chat`] : []),
  ];

  function saidBefore({ texts }: Chat): string[] {
    return texts.filter((text) => (person.saidAtMs.get(text) ?? 0) < requestedAtMs - LONGEST_SKEW_MS);
  }
}

/** Whether a chat has been there ever since it was begun, and is. */
function lastedSince({ world, restrictedSinceMs }: Person, chat: Chat): boolean {
  const { isRemoved, wasAway, isTemporary, isPlain } = chat;
  if (isRemoved || wasAway || isTemporary || !isPlain || restrictedSinceMs !== null) return false;
  return endsAtMs(chat) > world.timeline.nowMs + LONGEST_SKEW_MS;
}

async function read(person: Person, path: string): Promise<Buffer | null> {
  const response = await person.fetch(path);
  const bytes = await response.arrayBuffer().catch(() => null);
  return response.ok && bytes ? Buffer.from(bytes) : null;
}
