import { useEffect, useState, useSyncExternalStore } from "react";
import { hidden, revealAll, shownPart, textArrived, timePassed } from "./reveal.ts";

interface RevealOptions {
  /** More text may come. A text that never was live is shown as it is. */
  live: boolean;
  /** Show what has come so far at once; for a tab that joins a reply half way. */
  immediate: boolean;
}

/** The part of a growing text to show now, and whether that is all of it; see [Note: Smoothing]. */
export function useRevealedText(text: string, { live, immediate }: RevealOptions): { shown: string; settled: boolean } {
  const [reveal, setReveal] = useState(() => (live ? hidden : revealAll(text.length, 0)));
  const atOnce = useReducedMotion() || immediate;
  const { length } = text;
  const settled = reveal.shownLength >= length;

  useEffect(() => {
    if (settled) return;
    let previousMs = performance.now();
    const advance = (nowMs: number) => {
      const elapsedMs = Math.max(0, nowMs - previousMs);
      previousMs = nowMs;
      setReveal((shown) => timePassed(shown, { length, elapsedMs }));
      frame = requestAnimationFrame(advance);
    };
    const begin = (nowMs: number) => {
      setReveal((shown) => (atOnce ? revealAll(length, nowMs) : textArrived(shown, { length, nowMs, last: !live })));
      advance(nowMs);
    };
    let frame = requestAnimationFrame(begin);
    return () => cancelAnimationFrame(frame);
  }, [settled, length, live, atOnce]);

  const waitsForNothing = atOnce || reveal.shownLength === 0;
  return { shown: waitsForNothing ? text : shownPart(text, reveal.shownLength), settled };
}

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

function useReducedMotion(): boolean {
  return useSyncExternalStore(onReducedMotionChange, () => reducedMotion.matches);
}

function onReducedMotionChange(listener: () => void): () => void {
  reducedMotion.addEventListener("change", listener);
  return () => reducedMotion.removeEventListener("change", listener);
}
