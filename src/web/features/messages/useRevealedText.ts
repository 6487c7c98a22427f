import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { hidden, type Reveal, revealAll, shownPart, textArrived, timePassed } from "./reveal.ts";

interface RevealOptions {
  /** More text may come. A text that never was live is shown as it is. */
  live: boolean;
  /** Show what has come so far at once; for a tab that joins a reply half way. */
  immediate: boolean;
}

/** The part of a growing text to show now; see [Note: Smoothing]. */
export function useRevealedText(text: string, { live, immediate }: RevealOptions): { shown: string; settled: boolean } {
  const [reveal, setReveal] = useState<Reveal>(() => (live ? hidden : revealAll(text.length, performance.now())));
  const calm = useReducedMotion();
  const revealRef = useRef(reveal);
  const update = (next: Reveal) => {
    revealRef.current = next;
    setReveal(next);
  };

  useLayoutEffect(() => {
    if (text.length === 0) return;
    const nowMs = performance.now();
    const atOnce = calm || immediate || document.hidden;
    update(
      atOnce
        ? revealAll(text.length, nowMs)
        : textArrived(revealRef.current, { length: text.length, nowMs, last: !live }),
    );
  }, [text, live, immediate, calm]);

  const settled = reveal.shownLength >= text.length;
  useEffect(() => {
    if (settled) return;
    let frame = 0;
    let previousMs = performance.now();
    const step = (nowMs: number) => {
      update(timePassed(revealRef.current, { length: text.length, elapsedMs: Math.max(0, nowMs - previousMs) }));
      previousMs = nowMs;
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [settled, text]);

  return { shown: shownPart(text, reveal.shownLength), settled };
}

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

function useReducedMotion(): boolean {
  return useSyncExternalStore(
    (listener) => {
      reducedMotion.addEventListener("change", listener);
      return () => reducedMotion.removeEventListener("change", listener);
    },
    () => reducedMotion.matches,
  );
}
