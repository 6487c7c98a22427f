import type { UsageDay } from "../../app/api.ts";
import { useWords } from "../../words/words.ts";
import { uses } from "./days.ts";

/** What each day cost and on what, the newest first, in numbers. Days without use are left out. */
export function DailyTable({ days }: { days: UsageDay[] }) {
  const { formats, usage } = useWords();
  const spent = days.filter(({ credits }) => credits !== 0).reverse();
  return (
    <div className="scroll-quiet overflow-x-auto" tabIndex={0} role="region" aria-label={usage.spentByDay}>
      <table className="w-full text-[14.5px] tabular-nums">
        <caption className="sr-only">{usage.spentByDay}</caption>
        <thead>
          <tr className="border-b border-line text-left text-[13px] text-muted">
            <th scope="col" className="py-2 pr-4 font-medium">
              {usage.day}
            </th>
            {uses.map((use) => (
              <th key={use} scope="col" className="py-2 pr-4 text-right font-medium">
                {usage.useNames[use]}
              </th>
            ))}
            <th scope="col" className="py-2 text-right font-medium">
              {usage.together}
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {spent.map((day) => (
            <tr key={day.dayAt}>
              <th scope="row" className="py-2 pr-4 text-left font-normal">
                {formats.shortUtcDay(day.dayAt)}
              </th>
              {uses.map((use) => (
                <td key={use} className="py-2 pr-4 text-right">
                  {formats.number(day[use])}
                </td>
              ))}
              <td className="py-2 text-right font-medium">{formats.number(day.credits)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
