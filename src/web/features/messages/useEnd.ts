import { type RefObject, useEffect, useEffectEvent, useRef, useState } from "react";

/** Within this many pixels, the end counts as reached. */
const nearPx = 32;

/**
 * Keeps the end of what `scroller` scrolls in view while it grows, until the person scrolls up or `leaveEnd` is called.
 * `toEnd` goes back there. What grows is the first element in the scroller; where `isWhole` is false, more belongs below
 * it, and its end is not held.
 */
export function useEnd(scroller: RefObject<HTMLElement | null>, isWhole: boolean) {
  const held = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  const mayHold = useEffectEvent(() => isWhole);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let before = { top: element.scrollTop, height: element.scrollHeight };
    const scrolled = () => {
      const { scrollTop: top, scrollHeight: height, clientHeight } = element;
      // Where the height changed too, it was the content that moved, and not the person.
      if (height - top - clientHeight <= nearPx) held.current = mayHold();
      else if (top < before.top && height === before.height) held.current = false;
      before = { top, height };
      setAtEnd(held.current);
    };
    const resized = new ResizeObserver(() => {
      if (held.current && mayHold()) element.scrollTop = element.scrollHeight;
    });
    element.addEventListener("scroll", scrolled, { passive: true });
    for (const each of [element, element.firstElementChild]) if (each) resized.observe(each);
    return () => {
      element.removeEventListener("scroll", scrolled);
      resized.disconnect();
    };
  }, [scroller]);

  const toEnd = () => {
    const element = scroller.current;
    held.current = true;
    element?.scrollTo({ top: element.scrollHeight, behavior: "instant" });
  };
  const leaveEnd = () => {
    held.current = false;
  };
  return { atEnd, toEnd, leaveEnd };
}
