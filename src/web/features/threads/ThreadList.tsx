import { usePaginatedQuery } from "convex/react";
import { Search, X } from "lucide-react";
import { useDeferredValue, useRef, useState } from "react";
import { SEARCH_CHARACTERS } from "../../../shared/limits.ts";
import { api, type Thread } from "../../app/api.ts";
import { useCommands } from "../../app/commands/Commands.tsx";
import { useNow } from "../../app/useNow.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { useWords } from "../../words/words.ts";
import { groupByAge } from "./groups.ts";
import { RenameDialog } from "./RenameDialog.tsx";
import { SearchResults } from "./SearchResults.tsx";
import { type Renaming, ThreadRow } from "./ThreadRow.tsx";

const recentPageSize = 30;
const pinnedPageSize = 50;

/** A person's threads: the pinned ones on top, the others by age below; or what a search finds among them. */
export function ThreadList({ onNavigate }: { onNavigate?: () => void }) {
  const pinned = usePaginatedQuery(api.threads.list, { view: "pinned" }, { initialNumItems: pinnedPageSize });
  const recent = usePaginatedQuery(api.threads.list, { view: "recent" }, { initialNumItems: recentPageSize });
  const words = useWords().threads;
  const [query, setQuery] = useState("");
  const searched = useDeferredValue(query.trim());
  const loaded = pinned.status !== "LoadingFirstPage" && recent.status !== "LoadingFirstPage";
  const unpinned = recent.results.filter((thread) => !thread.pinned);
  return (
    <>
      <SearchField query={query} onQuery={setQuery} />
      <nav aria-label={words.title} className="scroll-quiet min-h-0 flex-1 overflow-y-auto px-2.5 pb-4">
        {searched ? (
          <SearchResults query={searched} known={[...pinned.results, ...unpinned]} onNavigate={onNavigate} />
        ) : (
          <>
            {loaded && pinned.results.length + unpinned.length === 0 && <NoThreads />}
            <ThreadGroups pinned={pinned.results} unpinned={unpinned} onNavigate={onNavigate} />
            {recent.status === "CanLoadMore" && (
              <Button onClick={() => recent.loadMore(recentPageSize)} small className="mt-3 w-full">
                {words.showOlder}
              </Button>
            )}
          </>
        )}
      </nav>
    </>
  );
}

function SearchField({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
  const { threads: words, commands } = useWords();
  const field = useRef<HTMLInputElement>(null);
  useCommands([
    {
      id: "threads.search",
      section: commands.goTo,
      label: words.search,
      icon: <Search aria-hidden size={16} />,
      run: () => field.current?.focus(),
    },
  ]);
  return (
    <div role="search" className="relative mx-2.5 mb-1">
      <Search
        aria-hidden
        size={15}
        className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-muted"
      />
      <input
        ref={field}
        type="text"
        inputMode="search"
        enterKeyHint="search"
        aria-label={words.search}
        placeholder={words.search}
        value={query}
        maxLength={SEARCH_CHARACTERS}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || query === "") return;
          event.preventDefault();
          onQuery("");
        }}
        className="h-9 w-full rounded-[10px] border border-transparent bg-hover/60 pr-9 pl-8.5 text-[14.5px] placeholder:text-muted focus:border-accent focus:bg-raised focus:outline-1 focus:outline-accent"
      />
      {query && (
        <IconButton
          label={words.clearSearch}
          onClick={() => {
            onQuery("");
            field.current?.focus();
          }}
          className="absolute top-1/2 right-1 size-7 -translate-y-1/2"
        >
          <X aria-hidden size={15} />
        </IconButton>
      )}
    </div>
  );
}

interface ThreadGroupsProps {
  pinned: readonly Thread[];
  unpinned: readonly Thread[];
  onNavigate?: () => void;
}

function ThreadGroups({ pinned, unpinned, onNavigate }: ThreadGroupsProps) {
  const { threads: words, formats } = useWords();
  const nowMs = useNow();
  const [renaming, setRenaming] = useState<Renaming | null>(null);
  const headings = { ...words.groups, ofMonth: formats.month, ofMonthAndYear: formats.monthOfYear };
  const groups = [
    ...(pinned.length > 0 ? [{ heading: words.groups.pinned, threads: pinned }] : []),
    ...groupByAge(unpinned, nowMs, headings),
  ];
  return (
    <>
      {groups.map(({ heading, threads }) => (
        <section key={heading} aria-label={heading} className="mt-4 first:mt-2">
          <h2 className="px-3 pb-1 text-[12.5px] font-medium text-muted">{heading}</h2>
          <ul>
            {threads.map((thread) => (
              <ThreadRow
                key={thread._id}
                thread={thread}
                nowMs={nowMs}
                onNavigate={onNavigate}
                onRename={setRenaming}
              />
            ))}
          </ul>
        </section>
      ))}
      {renaming && (
        <RenameDialog thread={renaming.thread} returnFocusTo={renaming.button} onClose={() => setRenaming(null)} />
      )}
    </>
  );
}

function NoThreads() {
  return <p className="px-3 pt-4 text-[14px] leading-relaxed text-pretty text-muted">{useWords().threads.none}</p>;
}
