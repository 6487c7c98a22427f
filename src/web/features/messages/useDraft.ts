import { useState } from "react";
import { keepDraft, readDrafts } from "./drafts.ts";

/** The draft of one chat, or of the next new one, which a reload leaves in place. With no `chat` it is kept nowhere. */
export function useDraft(ownerId: string, chat: string | null): [string, (text: string) => void] {
  const [texts, setTexts] = useState(() => readDrafts(localStorage, ownerId));
  const [unkept, setUnkept] = useState("");
  if (chat === null) return [unkept, setUnkept];
  const setText = (text: string) => {
    setTexts((all) => ({ ...all, [chat]: text }));
    keepDraft(localStorage, ownerId, { chat, text });
  };
  return [texts[chat] ?? "", setText];
}
