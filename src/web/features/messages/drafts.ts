/**
 * What was written and not sent, one draft for each chat. Drafts rest in this browser alone, so that a reload loses none,
 * and are gone with the session: signing out forgets them, and so does anybody else's signing in.
 */
interface Drafts {
  /** Whose they are. */
  ownerId: string;
  /** Texts by the chats they are for, the one written last at the end. */
  texts: Record<string, string>;
}

type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const storageKey = "noruxa.drafts";
/** The oldest make way for new ones. */
const mostDrafts = 20;

/** The drafts of a person. Those of anybody else are forgotten. */
export function readDrafts(storage: DraftStorage, ownerId: string): Record<string, string> {
  const kept = parsed(storage.getItem(storageKey));
  if (kept?.ownerId === ownerId) return kept.texts;
  forgetDrafts(storage);
  return {};
}

/** Keeps a draft; an empty one is forgotten. Other tabs may have kept drafts of other chats meanwhile. */
export function keepDraft(
  storage: DraftStorage,
  ownerId: string,
  { chat, text }: { chat: string; text: string },
): void {
  const { [chat]: _earlier, ...others } = readDrafts(storage, ownerId);
  const texts = Object.entries(text === "" ? others : { ...others, [chat]: text }).slice(-mostDrafts);
  if (texts.length === 0) return forgetDrafts(storage);
  try {
    storage.setItem(storageKey, JSON.stringify({ ownerId, texts: Object.fromEntries(texts) }));
  } catch {
    // The browser has no room left. The draft is still in the field.
  }
}

/** Forgets all drafts in this browser. */
export function forgetDrafts(storage: DraftStorage): void {
  storage.removeItem(storageKey);
}

function parsed(kept: string | null): Drafts | null {
  try {
    const drafts = JSON.parse(kept ?? "null") as Partial<Drafts> | null;
    return drafts?.ownerId && drafts.texts ? (drafts as Drafts) : null;
  } catch {
    return null;
  }
}
