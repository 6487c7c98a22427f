import clsx from "clsx";
import { LoaderCircle } from "lucide-react";
import type { ComponentProps } from "react";

const kinds = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  quiet: "border border-line bg-raised text-ink hover:bg-hover",
  danger: "bg-danger text-canvas hover:opacity-90",
};

interface ButtonProps extends ComponentProps<"button"> {
  kind?: keyof typeof kinds;
  small?: boolean;
  /** Something is on its way: shows it, and takes no further presses. */
  busy?: boolean;
}

export function Button({
  kind = "quiet",
  small = false,
  busy = false,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      disabled={disabled || busy}
      aria-busy={busy}
      className={clsx(
        "inline-flex items-center justify-center gap-2 rounded-[10px] font-medium",
        small ? "h-9 px-3.5 text-[14px]" : "h-10 px-4 text-[15px]",
        "transition-colors disabled:cursor-default disabled:opacity-60",
        kinds[kind],
        className,
      )}
      {...rest}
    >
      {busy && <LoaderCircle aria-hidden size={16} className="animate-spin" />}
      {children}
    </button>
  );
}
