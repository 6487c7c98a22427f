import clsx from "clsx";
import type { ReactNode } from "react";

/** How terms and what they stand for are laid out. */
const layouts = {
  /** Each value under its term, two pairs side by side where there is room. */
  stacked: "gap-x-8 gap-y-4 text-[15px] sm:grid-cols-2 [&_dt]:text-[13.5px] [&_dd]:mt-0.5",
  /** The terms in a column of their own; on a narrow screen as above. */
  table:
    "gap-x-5 gap-y-2 text-[14px] sm:grid-cols-[max-content_minmax(0,1fr)] sm:[&>div]:col-span-full sm:[&>div]:grid sm:[&>div]:grid-cols-subgrid",
  /** Each value at the end of its term's line, for numbers. */
  figures:
    "gap-1.5 text-[14.5px] [&>div]:flex [&>div]:items-baseline [&>div]:justify-between [&>div]:gap-4 [&_dd]:text-right [&_dd]:tabular-nums",
};

interface FactsProps {
  layout: keyof typeof layouts;
  className?: string;
  /** `Fact`s. */
  children: ReactNode;
}

/** What is known of something, term by term. */
export function Facts({ layout, className, children }: FactsProps) {
  return <dl className={clsx("grid", layouts[layout], className)}>{children}</dl>;
}

export function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-muted">{term}</dt>
      <dd className="min-w-0 text-pretty [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}
