import { AxisBottom, AxisLeft } from "@visx/axis";
import { Group } from "@visx/group";
import { scaleBand, scaleLinear } from "@visx/scale";
import { BarStack } from "@visx/shape";
import { useState } from "react";
import type { UsageDay } from "../../app/api.ts";
import { useWidth } from "../../ui/useWidth.ts";
import { useWords } from "../../words/words.ts";
import { stepsUpTo, totalOf, type Use, uses } from "./days.ts";

const HEIGHT = 220;
const MARGIN = { top: 10, right: 24, bottom: 26, left: 48 };
/** A date needs about this many pixels. */
const DATE_WIDTH = 90;

const colours: Record<Use, string> = {
  chat: "var(--color-chart-chat)",
  image: "var(--color-chart-image)",
  video: "var(--color-chart-video)",
};
const label = { fill: "var(--color-muted)", fontSize: 12, fontFamily: "var(--font-sans)" } as const;

/** What each day cost, stacked by what it was for. `DailyTable` says the same in numbers. */
export default function DailyChart({ days }: { days: UsageDay[] }) {
  const { formats, usage } = useWords();
  const [frame, width] = useWidth();
  const [pointedAt, setPointedAt] = useState<UsageDay | null>(null);

  const steps = stepsUpTo(Math.max(...days.map(({ credits }) => credits)));
  const innerWidth = Math.max(0, width - MARGIN.left - MARGIN.right);
  const innerHeight = HEIGHT - MARGIN.top - MARGIN.bottom;
  const across = scaleBand({ domain: days.map(({ dayAt }) => dayAt), range: [0, innerWidth], padding: 0.28 });
  const upwards = scaleLinear({ domain: [0, steps.at(-1) ?? 1], range: [innerHeight, 0] });
  const everyDays = Math.max(1, Math.ceil(days.length / Math.max(1, Math.floor(innerWidth / DATE_WIDTH))));
  const dated = days.map(({ dayAt }) => dayAt).filter((_, index) => (days.length - 1 - index) % everyDays === 0);
  return (
    <figure ref={frame} className="min-w-0">
      <svg width={width} height={HEIGHT} role="img" aria-label={usage.chartOf(usage.parts(totalOf(days)))}>
        <Group left={MARGIN.left} top={MARGIN.top}>
          {steps.map((step) => (
            <line key={step} x2={innerWidth} y1={upwards(step)} y2={upwards(step)} className="stroke-line" />
          ))}
          <BarStack
            data={days}
            keys={[...uses]}
            x={({ dayAt }) => dayAt}
            xScale={across}
            yScale={upwards}
            color={(use) => colours[use]}
          />
          <AxisLeft
            scale={upwards}
            tickValues={steps}
            tickFormat={(credits) => formats.number(Number(credits))}
            hideAxisLine
            hideTicks
            tickLabelProps={{ ...label, textAnchor: "end", dx: -4, dy: 4 }}
          />
          <AxisBottom
            top={innerHeight}
            scale={across}
            tickValues={dated}
            tickFormat={(dayAt) => formats.shortUtcDay(dayAt)}
            hideAxisLine
            hideTicks
            tickLabelProps={{ ...label, textAnchor: "middle" }}
          />
          {days.map((day) => (
            <rect
              key={day.dayAt}
              x={(across(day.dayAt) ?? 0) - (across.step() * across.padding()) / 2}
              width={across.step()}
              height={innerHeight}
              className="fill-ink opacity-0 hover:opacity-6"
              onPointerEnter={() => setPointedAt(day)}
              onPointerLeave={() => setPointedAt(null)}
            />
          ))}
        </Group>
      </svg>
      <figcaption className="mt-2 flex flex-wrap items-center gap-x-5 gap-y-1 pl-[48px] text-[13.5px]">
        {uses.map((use) => (
          <span key={use} className="flex items-center gap-2">
            <svg aria-hidden width="10" height="10">
              <rect width="10" height="10" rx="3" fill={colours[use]} />
            </svg>
            {usage.useNames[use]}
          </span>
        ))}
        <span aria-hidden className="ml-auto min-h-5 text-muted tabular-nums">
          {pointedAt && `${formats.shortUtcDay(pointedAt.dayAt)}: ${usage.parts(pointedAt)}`}
        </span>
      </figcaption>
    </figure>
  );
}
