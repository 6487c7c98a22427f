import { useMutation } from "convex/react";
import { api } from "../../app/api.ts";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { keptAtOnce, removedAtOnce } from "./optimism.ts";
import { useRefusalNotice } from "./useOrder.ts";

/** Deletes media and says so; of those that were not deleted, why not. */
export function useRemoving(): (mediaIds: readonly string[]) => Promise<void> {
  const remove = useMutation(api.media.remove).withOptimisticUpdate(removedAtOnce);
  const { media } = useWords();
  const change = useEach();
  return (mediaIds) => change(mediaIds, remove, media.removed);
}

/** Keeps media in the library and says so; of those that were not kept, why not. */
export function useKeeping(): (mediaIds: readonly string[]) => Promise<void> {
  const keep = useMutation(api.media.keep).withOptimisticUpdate(keptAtOnce);
  const { media } = useWords();
  const change = useEach();
  return (mediaIds) => change(mediaIds, keep, media.kept);
}

/** Changes media one by one, and says how many were changed and why the others were not. */
function useEach() {
  const notify = useNotice();
  const refused = useRefusalNotice();
  return async (
    mediaIds: readonly string[],
    change: (args: { mediaId: string }) => Promise<unknown>,
    changed: (count: number) => string,
  ) => {
    const results = await Promise.allSettled(mediaIds.map((mediaId) => change({ mediaId })));
    const [refusal] = results.filter((result) => result.status === "rejected");
    const count = results.filter(({ status }) => status === "fulfilled").length;
    if (count > 0) notify(changed(count));
    if (refusal) refused(refusal.reason);
  };
}
