import { CircleAlert } from "lucide-react";
import type { Message } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";

interface BadEndingProps {
  error: Message["error"];
  onTryAgain?: () => void;
}

/** Says why a reply failed or broke off, and offers a way on. */
export function BadEnding({ error, onTryAgain }: BadEndingProps) {
  return (
    <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl bg-danger-tint py-2 pr-2 pl-3.5 text-[14.5px]">
      <CircleAlert aria-hidden size={17} className="shrink-0 text-danger" />
      <p className="min-w-0 flex-1 basis-48 py-1">
        {error?.message ?? "This reply ended early; what had arrived is kept."}
      </p>
      {onTryAgain && (
        <Button small onClick={onTryAgain}>
          Try again
        </Button>
      )}
    </div>
  );
}
