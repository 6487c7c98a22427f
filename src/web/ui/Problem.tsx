import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";

/** Says what went wrong, beside what it went wrong with, with a way on where there is one. */
export function Problem({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div
      role="alert"
      className="flex items-start gap-2.5 rounded-[10px] bg-danger-tint px-3 py-2.5 text-[14px] text-danger"
    >
      <CircleAlert aria-hidden size={17} className="mt-[2px] shrink-0" />
      <div className="min-w-0 flex-1">{children}</div>
      {action}
    </div>
  );
}
