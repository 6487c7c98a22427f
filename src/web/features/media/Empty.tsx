import type { ReactNode } from "react";

interface EmptyProps {
  icon: ReactNode;
  title: string;
  /** One sentence on how this changes. */
  children: ReactNode;
  action?: ReactNode;
}

/** What stands where there is nothing yet. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="grid justify-items-center gap-2 rounded-2xl border border-dashed border-line px-6 py-14 text-center">
      <span className="mb-1 text-accent">{icon}</span>
      <p className="font-medium">{title}</p>
      <p className="max-w-[44ch] text-[14.5px] text-pretty text-muted">{children}</p>
      {action}
    </div>
  );
}
