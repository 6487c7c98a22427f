import katex from "katex";
import "katex/dist/katex.min.css";

/**
 * Typesets TeX in an element, in place of what is there. Formulas come from models: they make no links, load nothing,
 * and cannot grow without bound. What is no TeX is shown as it was written. Loaded on demand.
 */
export function typeset(tex: string, { place, display }: { place: HTMLElement; display: boolean }): void {
  katex.render(tex, place, {
    displayMode: display,
    throwOnError: false,
    trust: false,
    strict: "ignore",
    maxSize: 20,
    maxExpand: 200,
  });
}
