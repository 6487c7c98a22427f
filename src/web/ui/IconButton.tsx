import clsx from "clsx";
import { Tooltip } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";

interface IconButtonProps extends ComponentProps<"button"> {
  /** Read out by screen readers and shown on hover and focus. */
  label: string;
  round?: boolean;
  children: ReactNode;
}

/** A button that is only an icon, and therefore always says its name. */
export function IconButton({ label, round = false, className, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          type="button"
          aria-label={label}
          className={clsx(
            "inline-grid shrink-0 place-items-center transition-colors disabled:cursor-default disabled:opacity-50",
            round ? "rounded-full" : "rounded-lg text-muted hover:not-disabled:bg-hover hover:not-disabled:text-ink",
            className,
          )}
          {...rest}
        >
          {children}
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={6}
          collisionPadding={8}
          className="z-50 rounded-md bg-ink px-2 py-1 text-[12.5px] font-medium text-canvas"
        >
          {label}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
