/** What the page shows of a change before the server has heard of it. */
import type { OptimisticLocalStore } from "convex/browser";
import type { FunctionReturnType } from "convex/server";
import { api } from "../../app/api.ts";

export type LibraryMedium = FunctionReturnType<typeof api.media.medium>;

/** Shows a job as cancelled. */
export function cancelledAtOnce(store: OptimisticLocalStore, { jobId }: { jobId: string }): void {
  for (const { args, value } of store.getAllQueries(api.media.jobs)) {
    if (!value) continue;
    const page = value.page.map((job) =>
      job._id === jobId ? { ...job, state: "cancelled" as const, credits: 0 } : job,
    );
    store.setQuery(api.media.jobs, args, { ...value, page });
  }
}

/** Shows the library without a medium. */
export function removedAtOnce(store: OptimisticLocalStore, { mediaId }: { mediaId: string }): void {
  changeLibrary(store, (media) => media.filter((medium) => medium.mediaId !== mediaId));
}

/** Shows a medium as one that does not end with its chat. */
export function keptAtOnce(store: OptimisticLocalStore, { mediaId }: { mediaId: string }): void {
  changeLibrary(store, (media) =>
    media.map((medium) => (medium.mediaId === mediaId ? { ...medium, threadId: null, deletesAt: null } : medium)),
  );
}

function changeLibrary(store: OptimisticLocalStore, change: (media: LibraryMedium[]) => LibraryMedium[]): void {
  for (const { args, value } of store.getAllQueries(api.media.library)) {
    if (value) store.setQuery(api.media.library, args, { ...value, page: change(value.page) });
  }
}
