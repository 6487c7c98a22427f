import clsx from "clsx";
import { type ComponentProps, useId } from "react";

interface FieldProps extends ComponentProps<"input"> {
  label: string;
  hint?: string;
}

/** A labelled line of text. */
export function Field({ label, hint, className, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className={clsx("grid gap-1.5", className)}>
      <label htmlFor={id} className="text-[14px] font-medium">
        {label}
        {hint && <span className="font-normal text-muted"> ({hint})</span>}
      </label>
      <input
        id={id}
        className="h-11 w-full rounded-[10px] border border-edge bg-canvas px-3 text-[16px] placeholder:text-muted"
        {...rest}
      />
    </div>
  );
}
