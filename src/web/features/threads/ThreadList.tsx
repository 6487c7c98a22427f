import { usePaginatedQuery } from "convex/react";
import { useState } from "react";
import { api } from "../../app/api.ts";
import { useNow } from "../../app/useNow.ts";
import { Button } from "../../ui/Button.tsx";
import { groupByAge } from "./groups.ts";
import { RemoveDialog } from "./RemoveDialog.tsx";
import { RenameDialog } from "./RenameDialog.tsx";
import { type ThreadCommand, ThreadRow } from "./ThreadRow.tsx";

const recentPageSize = 30;
const pinnedPageSize = 50;

/** A person's threads: the pinned ones on top, the others by age below. */
export function ThreadList({ onNavigate }: { onNavigate?: () => void }) {
  const pinned = usePaginatedQuery(api.threads.list, { view: "pinned" }, { initialNumItems: pinnedPageSize });
  const recent = usePaginatedQuery(api.threads.list, { view: "recent" }, { initialNumItems: recentPageSize });
  const [command, setCommand] = useState<ThreadCommand | null>(null);
  const dialog = command && { thread: command.thread, returnFocusTo: command.button, onClose: () => setCommand(null) };

  const nowMs = useNow();
  const unpinned = recent.results.filter((thread) => !thread.pinned);
  const loaded = pinned.status !== "LoadingFirstPage" && recent.status !== "LoadingFirstPage";
  const groups = [
    ...(pinned.results.length > 0 ? [{ heading: "Pinned", threads: pinned.results }] : []),
    ...groupByAge(unpinned, nowMs),
  ];
  return (
    <>
      <nav aria-label="Chats" className="scroll-quiet min-h-0 flex-1 overflow-y-auto px-2.5 pb-4">
        {loaded && groups.length === 0 && <NoThreads />}
        {groups.map(({ heading, threads }) => (
          <section key={heading} aria-label={heading} className="mt-4">
            <h2 className="px-3 pb-1 text-[12.5px] font-medium text-muted">{heading}</h2>
            <ul>
              {threads.map((thread) => (
                <ThreadRow key={thread._id} thread={thread} onNavigate={onNavigate} onCommand={setCommand} />
              ))}
            </ul>
          </section>
        ))}
        {recent.status === "CanLoadMore" && (
          <Button onClick={() => recent.loadMore(recentPageSize)} small className="mt-3 w-full">
            Show older
          </Button>
        )}
      </nav>
      {dialog && command.kind === "rename" && <RenameDialog {...dialog} />}
      {dialog && command.kind === "remove" && <RemoveDialog {...dialog} />}
    </>
  );
}

function NoThreads() {
  return (
    <p className="px-3 pt-4 text-[14px] leading-relaxed text-pretty text-muted">
      Your chats will be listed here, sealed with a key of your own.
    </p>
  );
}
