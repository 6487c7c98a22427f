import { usePaginatedQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { CircleAlert, ShieldCheck } from "lucide-react";
import { api } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { useWords } from "../../words/words.ts";

type Receipt = FunctionReturnType<typeof api.privacy.receipts>["page"][number];

const RECEIPTS_PER_PAGE = 10;

/** The receipts of what was deleted, newest first, each checked. */
export function Receipts() {
  const { privacy } = useWords();
  const { results, status, loadMore } = usePaginatedQuery(
    api.privacy.receipts,
    {},
    { initialNumItems: RECEIPTS_PER_PAGE },
  );
  return (
    <>
      <p className="mb-3 max-w-[60ch] text-[15px] text-pretty text-muted">{privacy.receiptsLead}</p>
      {status === "Exhausted" && results.length === 0 && <p className="text-[15px]">{privacy.noReceipts}</p>}
      {results.length > 0 && (
        <ul className="divide-y divide-line rounded-2xl border border-line bg-raised">
          {results.map((receipt) => (
            <Line key={receipt.seq} receipt={receipt} />
          ))}
        </ul>
      )}
      {status === "CanLoadMore" && (
        <Button small className="mt-3" onClick={() => loadMore(RECEIPTS_PER_PAGE)}>
          {privacy.showEarlier}
        </Button>
      )}
    </>
  );
}

function Line({ receipt }: { receipt: Receipt }) {
  const { privacy } = useWords();
  const { seq, what, why, messages, files, unreadableAt, completedAt, mac, intact } = receipt;
  const Sign = intact ? ShieldCheck : CircleAlert;
  return (
    <li className="grid gap-0.5 px-4 py-3 text-[14.5px] sm:px-5">
      <span className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span>
          {privacy.deletedKinds[what]}, {privacy.deletedBecause[why]}
          {messages + files > 0 && <span className="text-muted"> ({privacy.wentWithIt(messages, files)})</span>}
        </span>
        <span className={intact ? "text-[13.5px] text-muted" : "text-[13.5px] text-danger"}>
          <Sign aria-hidden size={14} className="mr-1 inline-block align-[-2px]" />
          {intact ? privacy.intact : privacy.notIntact}
        </span>
      </span>
      <span className="text-[13.5px] text-muted">{privacy.unreadableAndGone(unreadableAt, completedAt)}</span>
      <span className="truncate font-mono text-[12px] text-muted">
        {privacy.receiptNumber(seq)} {mac}
      </span>
    </li>
  );
}
