import { type RefObject, useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import type { VirtualizerHandle } from "virtua";
import type { Message } from "../../app/api.ts";
import type { useConversation } from "./useConversation.ts";

/*
 * [Note: Long chats] A chat may have ten thousand messages. It opens with its newest page, whatever its length, or around
 * the message that was searched for; further pages are loaded before the person gets there, and those far away are let go
 * of. Of what is loaded only the part around what is visible has elements. What is read stays in place when messages
 * appear above it or go there.
 */

type Conversation = ReturnType<typeof useConversation>;

/** With less than this above or below what is visible, in pixels, more messages are loaded. */
const scarcePx = 4_000;

/**
 * Loads messages while few are beside what is visible, and lets go of those far from it. The result is to be called when
 * that may have changed.
 */
export function useNeighbours(
  { loadEarlier, loadLater, trim }: Conversation,
  window: RefObject<VirtualizerHandle | null>,
  { atEnd, mayTrim }: { atEnd: boolean; mayTrim: boolean },
): () => void {
  const keepNeighbours = () => {
    if (!window.current) return;
    const { above, below, viewport } = roomBeside(window.current);
    // At the end of a chat a screenful is enough, so that opening a long one costs no more than a short one.
    const scarceAbove = atEnd ? viewport > 0 && above + below <= 0 : above < scarcePx;
    if (scarceAbove && loadEarlier) loadEarlier();
    else if (below < scarcePx && loadLater) loadLater();
    else if (mayTrim) trim(above > below ? "earlier" : "later");
  };
  // Asked again whenever messages may have come, once they were measured, since a page may be short.
  useEffect(() => {
    const frame = requestAnimationFrame(keepNeighbours);
    return () => cancelAnimationFrame(frame);
  });
  return keepNeighbours;
}

function roomBeside({ scrollOffset, scrollSize, viewportSize: viewport }: VirtualizerHandle) {
  return { above: scrollOffset, below: scrollSize - scrollOffset - viewport, viewport };
}

/** Whether what came or went since the last rendering did so above what stayed. */
export function useShift(messages: readonly Message[]): boolean {
  const [firstId, lastId] = [messages[0]?._id, messages.at(-1)?._id];
  const [seen, setSeen] = useState({ firstId, lastId, count: messages.length, shift: false });
  if (seen.firstId === firstId && seen.count === messages.length) return seen.shift;
  const stayed = seen.lastId === lastId || messages.some(({ _id }) => _id === seen.firstId);
  const shift = seen.firstId !== firstId && stayed;
  setSeen({ firstId, lastId, count: messages.length, shift });
  return shift;
}

/**
 * Goes to the message that the address names, if it does: begins to read around it where it is far, and shows the branch
 * it is on where that is another. Gives its id.
 */
export function useNamedMessage(conversation: Conversation, goTo: (index: number) => void): string {
  const { hash, key } = useLocation();
  const namedId = hash.slice(1);
  const { messages, loading, anchorId, openAround, select } = conversation;
  /** What was done already since the address was gone to: each is tried once, for the message may be gone. */
  const tried = useRef({ key: "", around: false, select: false, reached: false });
  useEffect(() => {
    if (tried.current.key !== key) tried.current = { key, around: false, select: false, reached: false };
    const { current: done } = tried;
    if (namedId === "" || loading || done.reached) return;
    const index = messages.findIndex(({ _id }) => _id === namedId);
    if (index >= 0) {
      done.reached = true;
      goTo(index);
    } else if (!done.around) {
      done.around = true;
      openAround(namedId);
    } else if (anchorId === namedId && !done.select) {
      done.select = true;
      select(namedId);
    }
  });
  return namedId;
}

/** Goes to the end when the person has said something more. Choosing another version is no such thing. */
export function useOwnMessage(newest: readonly Message[], toEnd: () => void): void {
  const newestId = newest.find(({ role }) => role === "user")?._id;
  const shownId = useRef(newestId);
  useEffect(() => {
    if (shownId.current !== newestId && newest.some(({ _id }) => _id === shownId.current)) toEnd();
    shownId.current = newestId;
  }, [newest, newestId, toEnd]);
}
