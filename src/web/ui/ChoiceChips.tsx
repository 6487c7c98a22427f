import { RadioGroup } from "radix-ui";
import { type ReactNode, useId } from "react";

interface ChoiceChipsProps<Value extends string> {
  label: string;
  /** The label is read out, but not shown. */
  hiddenLabel?: boolean;
  value: Value;
  options: readonly { value: Value; label: ReactNode }[];
  disabled?: boolean;
  onChange: (value: Value) => void;
}

/** A few options side by side, of which exactly one is chosen. */
export function ChoiceChips<Value extends string>(props: ChoiceChipsProps<Value>) {
  const { label, hiddenLabel = false, value, options, disabled = false, onChange } = props;
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <span id={id} className={hiddenLabel ? "sr-only" : "text-[14px] font-medium"}>
        {label}
      </span>
      <RadioGroup.Root
        aria-labelledby={id}
        value={value}
        disabled={disabled}
        onValueChange={(next) => onChange(next as Value)}
        className="flex flex-wrap gap-1.5 sm:gap-2"
      >
        {options.map((option) => (
          <RadioGroup.Item
            key={option.value}
            value={option.value}
            className="inline-flex min-h-9 items-center gap-2 rounded-[10px] border border-line bg-raised px-2.5 py-1.5 text-[14px] transition-colors sm:px-3 hover:not-disabled:bg-hover disabled:cursor-default disabled:opacity-60 data-[state=checked]:border-accent data-[state=checked]:bg-tint data-[state=checked]:font-medium"
          >
            {option.label}
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
    </div>
  );
}
