import { Switch } from "radix-ui";
import { type ReactNode, useId } from "react";

interface ToggleProps {
  label: ReactNode;
  /** One sentence on what it does. */
  hint?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

/** Something that is on or off. */
export function Toggle({ label, hint, checked, disabled = false, onChange }: ToggleProps) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <div className="min-w-0">
        <label htmlFor={id} className="text-[14.5px] font-medium">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="mt-0.5 text-[13.5px] text-pretty text-muted">
            {hint}
          </p>
        )}
      </div>
      <Switch.Root
        id={id}
        aria-describedby={hint ? `${id}-hint` : undefined}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        className="relative mt-0.5 h-6 w-10.5 shrink-0 rounded-full border border-edge bg-sunken transition-colors disabled:cursor-default disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <Switch.Thumb className="block size-4.5 translate-x-[3px] rounded-full bg-edge transition-transform data-[state=checked]:translate-x-[20px] data-[state=checked]:bg-on-accent" />
      </Switch.Root>
    </div>
  );
}
