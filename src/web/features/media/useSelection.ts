import { useState } from "react";
import type { LibraryMedium } from "./optimism.ts";

export type Selection = ReturnType<typeof useSelection>;

/** Which media of the grid are selected, while selecting is on. Those that are gone from the grid are so from here. */
export function useSelection(media: readonly LibraryMedium[]) {
  const [isOn, setOn] = useState(false);
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const chosen = media.filter(({ mediaId }) => ids.has(mediaId));
  return {
    isOn,
    chosen,
    has: (mediaId: string) => ids.has(mediaId),
    toggleMode: () => {
      setOn(!isOn);
      setIds(new Set());
    },
    toggle: (mediaId: string) =>
      setIds((before) => (before.has(mediaId) ? before.difference(new Set([mediaId])) : new Set([...before, mediaId]))),
    selectAll: () => setIds(new Set(media.map(({ mediaId }) => mediaId))),
    clear: () => setIds(new Set()),
  };
}
