import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "../../ui/IconButton.tsx";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";

/** Copies a text and says so for a moment. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const notify = useNotice();
  const words = useWords().messages;
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_800);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      notify(words.copyingRefused);
    }
  };
  return (
    <IconButton label={copied ? words.copied : label} onClick={() => void copy()} className="size-8">
      {copied ? <Check aria-hidden size={16} className="text-accent" /> : <Copy aria-hidden size={15} />}
    </IconButton>
  );
}
