import clsx from "clsx";
import { Check } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";

const item =
  "flex min-h-9 items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-[14.5px] outline-none select-none " +
  "data-highlighted:bg-hover data-disabled:opacity-50";

interface MenuProps {
  /** The button that opens the menu. */
  trigger: ReactNode;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom";
  className?: string;
  children: ReactNode;
}

/**
 * A menu that opens from a button. It is not modal, because a modal one adds an inline style sheet to lock scrolling,
 * which a strict content security policy refuses.
 */
export function Menu({ trigger, align = "start", side = "bottom", className, children }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className={clsx(
            "appearing scroll-quiet z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-48 overflow-y-auto",
            "rounded-xl border border-line bg-raised p-1.5 shadow-floating",
            className,
          )}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface MenuItemProps extends ComponentProps<typeof DropdownMenu.Item> {
  icon?: ReactNode;
  danger?: boolean;
}

export function MenuItem({ icon, danger = false, className, children, ...rest }: MenuItemProps) {
  return (
    <DropdownMenu.Item className={clsx(item, danger && "text-danger", className)} {...rest}>
      {icon && <span className={clsx("grid size-4 place-items-center", !danger && "text-muted")}>{icon}</span>}
      {children}
    </DropdownMenu.Item>
  );
}

interface MenuChoiceProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly { value: Value; label: ReactNode }[];
  onChange: (value: Value) => void;
}

/** A heading with options below it, of which exactly one is chosen. */
export function MenuChoice<Value extends string>({ label, value, options, onChange }: MenuChoiceProps<Value>) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={(next) => onChange(next as Value)}>
      <DropdownMenu.Label className="px-2.5 pt-1.5 pb-1 text-[12.5px] font-medium text-muted">
        {label}
      </DropdownMenu.Label>
      {options.map((option) => (
        <DropdownMenu.RadioItem key={option.value} value={option.value} className={item}>
          <span className="min-w-0 flex-1">{option.label}</span>
          <span className="grid size-4 place-items-center text-accent">
            <DropdownMenu.ItemIndicator>
              <Check aria-hidden size={16} />
            </DropdownMenu.ItemIndicator>
          </span>
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}

export function MenuSeparator() {
  return <DropdownMenu.Separator className="mx-2 my-1.5 h-px bg-line" />;
}
