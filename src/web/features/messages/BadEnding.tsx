import { CircleAlert } from "lucide-react";
import type { Message } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { useWords } from "../../words/words.ts";

interface BadEndingProps {
  error: Message["error"];
  onTryAgain?: () => void;
}

/** Says why a reply failed or broke off, and offers a way on. */
export function BadEnding({ error, onTryAgain }: BadEndingProps) {
  const words = useWords().messages;
  return (
    <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl bg-danger-tint py-2 pr-2 pl-3.5 text-[14.5px]">
      <CircleAlert aria-hidden size={17} className="shrink-0 text-danger" />
      <p className="min-w-0 flex-1 basis-48 py-1">{error ? words.endings[error.code] : words.endedEarly}</p>
      {onTryAgain && (
        <Button small onClick={onTryAgain}>
          {words.tryAgain}
        </Button>
      )}
    </div>
  );
}
