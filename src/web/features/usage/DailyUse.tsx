import { lazy, Suspense, useState } from "react";
import type { UsageDay } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { useWords } from "../../words/words.ts";
import { DailyTable } from "./DailyTable.tsx";

const DailyChart = lazy(() => import("./DailyChart.tsx"));

/** What each of the last days cost: as a chart, or as the same in numbers. */
export function DailyUse({ days }: { days: UsageDay[] }) {
  const { usage } = useWords();
  const [asTable, setAsTable] = useState(false);
  if (days.every(({ credits }) => credits === 0)) return <p className="text-[15px] text-muted">{usage.nothingSpent}</p>;
  return (
    <div className="rounded-2xl border border-line bg-raised p-4 sm:p-5">
      <Suspense fallback={<div className="h-[252px]" />}>
        {asTable ? <DailyTable days={days} /> : <DailyChart days={days} />}
      </Suspense>
      <Button small aria-pressed={asTable} className="mt-4" onClick={() => setAsTable(!asTable)}>
        {asTable ? usage.showChart : usage.showTable}
      </Button>
    </div>
  );
}
