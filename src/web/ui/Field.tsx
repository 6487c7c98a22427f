import clsx from "clsx";
import { type ComponentProps, useId } from "react";

interface FieldProps extends ComponentProps<"input"> {
  label: string;
  hint?: string | undefined;
  /** What is wrong with what stands in it, as a sentence. */
  problem?: string | undefined;
}

/** A labelled line of text. */
export function Field({ label, hint, problem, className, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className={clsx("grid gap-1.5", className)}>
      <label htmlFor={id} className="text-[14px] font-medium">
        {label}
        {hint && <span className="font-normal text-muted"> ({hint})</span>}
      </label>
      <input
        id={id}
        aria-invalid={problem !== undefined || undefined}
        aria-describedby={problem ? `${id}-problem` : undefined}
        className="h-11 w-full rounded-[10px] border border-edge bg-canvas px-3 text-[16px] placeholder:text-muted aria-invalid:border-danger"
        {...rest}
      />
      {problem && (
        <p id={`${id}-problem`} className="text-[14px] text-danger">
          {problem}
        </p>
      )}
    </div>
  );
}
