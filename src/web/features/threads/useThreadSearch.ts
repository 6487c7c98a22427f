import { useAction } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { useEffect, useRef, useState } from "react";
import { api } from "../../app/api.ts";
import { sentenceOf } from "../../app/sentences.ts";

export type Hit = FunctionReturnType<typeof api.threads.search>["hits"][number];

/** How far a search has come. */
export interface Search {
  hits: readonly Hit[];
  /** Messages that were opened so far. */
  searched: number;
  /** More is being looked through. */
  running: boolean;
  /** Why it could not go on. */
  problem: string | null;
  /** Looks further where many were found; absent where there is nothing further, or it is looking. */
  more?: () => void;
}

/** Long enough that a word is typed on without a search for each of its letters. */
const pauseMs = 250;
/** A search pauses after so many hits, which is more than are read. */
const hitsAtATime = 50;

const nothing: Search = { hits: [], searched: 0, running: true, problem: null };

/** Searches titles and messages, newest first. What is found shows at once, while the rest is looked through. */
export function useThreadSearch(query: string): Search {
  const search = useAction(api.threads.search);
  const [found, setFound] = useState({ query: "", ...nothing });
  const current = useRef("");

  useEffect(() => {
    current.current = query;
    if (query === "") return;
    const isCurrent = () => current.current === query;

    async function look(from: { hits: readonly Hit[]; searched: number; cursor: string | null }): Promise<void> {
      const enough = from.hits.length + hitsAtATime;
      for (let { hits, searched, cursor } = from; isCurrent(); ) {
        const step = await search({ query, cursor });
        if (!isCurrent()) return;
        hits = [...hits, ...step.hits];
        searched += step.searched;
        cursor = step.cursor;
        const running = cursor !== null && hits.length < enough;
        const place = { hits, searched, cursor };
        const more = cursor === null || running ? undefined : () => begin(place);
        setFound({ query, hits, searched, running, problem: null, more });
        if (!running) return;
      }
    }
    function begin(place: Parameters<typeof look>[0]): void {
      setFound({ query, hits: place.hits, searched: place.searched, running: true, problem: null });
      look(place).catch((error) => {
        if (isCurrent()) setFound((so) => ({ ...so, running: false, problem: sentenceOf(error) }));
      });
    }
    const pause = setTimeout(() => begin({ hits: [], searched: 0, cursor: null }), pauseMs);
    return () => {
      clearTimeout(pause);
      current.current = "";
    };
  }, [query, search]);
  return found.query === query ? found : nothing;
}
