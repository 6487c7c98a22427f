import { useWords } from "../../words/words.ts";

const BAR = 8;
const GAP = 3;
const HEIGHT = 96;

/** What each of the last days cost, as bars, and as a table for whoever cannot see them. */
export function DailyChart({ days }: { days: { dayAt: number; credits: number }[] }) {
  const { formats, usage } = useWords();
  const most = Math.max(1, ...days.map(({ credits }) => credits));
  const width = days.length * (BAR + GAP);
  return (
    <figure>
      <svg viewBox={`0 0 ${width} ${HEIGHT}`} className="h-28 w-full" preserveAspectRatio="none" aria-hidden>
        {days.map(({ dayAt, credits }, index) => {
          const height = credits === 0 ? 1 : Math.max(2, (credits / most) * HEIGHT);
          const fill = credits === 0 ? "fill-line" : "fill-accent";
          return (
            <rect
              key={dayAt}
              x={index * (BAR + GAP)}
              y={HEIGHT - height}
              width={BAR}
              height={height}
              className={fill}
            />
          );
        })}
      </svg>
      <table className="sr-only">
        <caption>{usage.spentByDay}</caption>
        <tbody>
          {days.map(({ dayAt, credits }) => (
            <tr key={dayAt}>
              <th scope="row">{formats.shortUtcDay(dayAt)}</th>
              <td>{usage.credits(credits)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <figcaption className="mt-1.5 flex justify-between text-[13px] text-muted" aria-hidden>
        <span>{days[0] && formats.shortUtcDay(days[0].dayAt)}</span>
        <span>{usage.mostOnADay(Math.max(0, ...days.map(({ credits }) => credits)))}</span>
        <span>{usage.today}</span>
      </figcaption>
    </figure>
  );
}
