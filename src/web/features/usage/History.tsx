import { usePaginatedQuery } from "convex/react";
import { api, type LedgerEntry } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { useWords } from "../../words/words.ts";
import { describeEntry } from "./credits.ts";

const ENTRIES_PER_PAGE = 20;

/** The ledger, newest entry first. */
export function History() {
  const { usage } = useWords();
  const { results, status, loadMore } = usePaginatedQuery(api.usage.history, {}, { initialNumItems: ENTRIES_PER_PAGE });
  return (
    <>
      <ul className="divide-y divide-line">
        {results.map((entry) => (
          <Line key={entry._id} entry={entry} />
        ))}
      </ul>
      {status === "CanLoadMore" && (
        <Button small className="mt-3" onClick={() => loadMore(ENTRIES_PER_PAGE)}>
          {usage.showEarlier}
        </Button>
      )}
    </>
  );
}

function Line({ entry }: { entry: LedgerEntry }) {
  const { formats, usage } = useWords();
  return (
    <li className="flex items-baseline gap-3 py-2 text-[14.5px]">
      <span className="min-w-0 flex-1">
        {describeEntry(usage, entry)}
        <time dateTime={new Date(entry.at).toISOString()} className="block text-[13px] text-muted">
          {formats.dateTime(entry.at)}
        </time>
      </span>
      <span className="tabular-nums">{changeLabel(formats.number, entry)}</span>
      <span className="w-24 text-right text-[13px] text-muted tabular-nums">{usage.credits(entry.balance)}</span>
    </li>
  );
}

/** What changed: of a hold, what it set aside; of all else, what was added or taken. */
function changeLabel(number: (value: number) => string, { kind, credits, held }: LedgerEntry): string {
  if (kind === "hold") return `(${number(held)})`;
  return credits > 0 ? `+${number(credits)}` : number(credits);
}
