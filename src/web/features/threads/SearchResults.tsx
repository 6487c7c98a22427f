import { Link } from "react-router";
import type { Thread } from "../../app/api.ts";
import { threadPath } from "../../app/paths.ts";
import { Button } from "../../ui/Button.tsx";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";
import { markedParts, withoutSigns } from "./marked.ts";
import { type Hit, useThreadSearch } from "./useThreadSearch.ts";

interface SearchResultsProps {
  query: string;
  /** The chats that are in the list already, whose titles can be searched at once. */
  known: readonly Thread[];
  onNavigate?: () => void;
}

/** What a search finds: titles in the list at once, the rest as it is looked through. */
export function SearchResults({ query, known, onNavigate }: SearchResultsProps) {
  const words = useWords().threads;
  const { hits, searched, running, problem, more } = useThreadSearch(query);
  const needle = query.toLowerCase();
  const atOnce = known.filter(({ title }) => title.toLowerCase().includes(needle));
  const ids = new Set(atOnce.map(({ _id }) => _id));
  const titles = [
    ...atOnce.map(({ _id: threadId, title }) => ({ threadId, title })),
    ...hits.filter(({ messageId, threadId }) => messageId === null && !ids.has(threadId)),
  ];
  const inMessages = hits.filter(({ messageId }) => messageId !== null);
  const places = titles.length + inMessages.length;
  return (
    <>
      <p role="status" className="px-3 pt-2 text-[12.5px] text-muted">
        {running ? words.searching(searched) : problem === null && words.searched(places)}
      </p>
      {problem && <Problem>{problem}</Problem>}
      {titles.length > 0 && (
        <section aria-label={words.inTitles} className="mt-3">
          <h2 className="px-3 pb-1 text-[12.5px] font-medium text-muted">{words.inTitles}</h2>
          <ul>
            {titles.map(({ threadId, title }) => (
              <li key={threadId}>
                <Link
                  to={threadPath(threadId)}
                  onClick={onNavigate}
                  className="block truncate rounded-[10px] px-3 py-2 text-[14.5px] hover:bg-hover"
                >
                  <Marked text={title || words.untitled} query={query} />
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      {inMessages.length > 0 && (
        <section aria-label={words.inMessages} className="mt-3">
          <h2 className="px-3 pb-1 text-[12.5px] font-medium text-muted">{words.inMessages}</h2>
          <ul>
            {inMessages.map((hit) => (
              <MessageHit key={hit.messageId} hit={hit} query={query} onNavigate={onNavigate} />
            ))}
          </ul>
        </section>
      )}
      {more && (
        <Button small onClick={more} className="mt-3 w-full">
          {words.searchFurther}
        </Button>
      )}
    </>
  );
}

function MessageHit({ hit, query, onNavigate }: { hit: Hit; query: string; onNavigate?: () => void }) {
  const { threads, formats } = useWords();
  return (
    <li>
      <Link
        to={`${threadPath(hit.threadId)}#${hit.messageId}`}
        onClick={onNavigate}
        className="grid grid-cols-[minmax(0,1fr)] gap-0.5 rounded-[10px] px-3 py-2 hover:bg-hover"
      >
        <span className="flex items-baseline gap-2 text-[12.5px] text-muted">
          <span className="min-w-0 flex-1 truncate">{hit.title || threads.untitled}</span>
          <time dateTime={new Date(hit.at).toISOString()}>{formats.shortDay(hit.at)}</time>
        </span>
        <span className="line-clamp-2 text-[14px] leading-snug [overflow-wrap:anywhere]">
          <Marked text={withoutSigns(hit.snippet)} query={query} />
        </span>
      </Link>
    </li>
  );
}

/** A text with what was searched for set off. */
function Marked({ text, query }: { text: string; query: string }) {
  return markedParts(text, query).map(({ part, at, marked }) =>
    marked ? (
      <mark key={at} className="rounded-sm bg-tint font-semibold text-ink">
        {part}
      </mark>
    ) : (
      part
    ),
  );
}
