import { ChevronLeft, ChevronRight } from "lucide-react";
import type { Message } from "../../app/api.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { useWords } from "../../words/words.ts";

interface AlternativesProps {
  message: Message;
  onSelect: (messageId: string) => void;
}

/** Steps through the alternatives to a message, where there are any. */
export function Alternatives({ message: { _id, siblings }, onSelect }: AlternativesProps) {
  const words = useWords().messages;
  if (siblings.length < 2) return null;
  const position = siblings.indexOf(_id);
  const [earlier, later] = [siblings[position - 1], siblings[position + 1]];
  return (
    <div className="flex items-center text-[13px] text-muted">
      <IconButton
        label={words.earlierVersion}
        disabled={!earlier}
        onClick={() => earlier && onSelect(earlier)}
        className="size-8"
      >
        <ChevronLeft aria-hidden size={16} />
      </IconButton>
      <span className="tabular-nums">{words.version(position + 1, siblings.length)}</span>
      <IconButton
        label={words.laterVersion}
        disabled={!later}
        onClick={() => later && onSelect(later)}
        className="size-8"
      >
        <ChevronRight aria-hidden size={16} />
      </IconButton>
    </div>
  );
}
