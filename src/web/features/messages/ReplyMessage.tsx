import { GitBranch, RotateCcw } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import type { Message } from "../../app/api.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { useWords } from "../../words/words.ts";
import { BadEnding } from "./BadEnding.tsx";
import { CopyButton } from "./CopyButton.tsx";
import { useReplyText } from "./useReplyText.ts";

// Fetched as soon as somebody is signed in, so that the first word of the first reply finds the renderer ready. A
// reply is readable without it, so that a fetch that fails costs the formatting and nothing else.
const markdown = import("./Markdown.tsx").catch(() => ({ default: PlainText }));
const Markdown = lazy(() => markdown);

interface ReplyMessageProps {
  reply: Message;
  modelLabel: string;
  /** Asks for another reply in place of this one; absent where that cannot be done. */
  onTryAgain?: () => void;
  /** Goes on from here in a chat of its own; absent where that cannot be done. */
  onBranch?: () => void;
  /** The arrows between versions. */
  children: ReactNode;
}

/** What a model wrote, as it arrives and afterwards, and how it ended if it did not end well. */
export function ReplyMessage({ reply, modelLabel, onTryAgain, onBranch, children }: ReplyMessageProps) {
  const words = useWords().messages;
  const { shown, settled } = useReplyText(reply);
  const live = reply.state === "streaming" || !settled;
  const endedBadly = reply.state === "failed" || reply.state === "interrupted";
  return (
    <article aria-label={modelLabel} aria-busy={live} data-reply-id={reply._id} data-state={reply.state}>
      {shown === "" && live && <Thinking />}
      {shown !== "" && (
        // Until the renderer is there, the words are shown as they are: the first must not wait for it.
        <Suspense fallback={<PlainText>{shown}</PlainText>}>
          <Markdown live={live}>{shown}</Markdown>
        </Suspense>
      )}
      {!live && reply.state === "stopped" && <p className="mt-3 text-[14px] text-muted">{words.stopped}</p>}
      {!live && endedBadly && <BadEnding error={reply.error} onTryAgain={onTryAgain} />}
      <div className="-ml-2 flex h-9 items-center gap-0.5">
        {!live && (
          <>
            {reply.text && <CopyButton text={reply.text} label={words.copyReply} />}
            {onTryAgain && !endedBadly && (
              <IconButton label={words.tryAgain} onClick={onTryAgain} className="size-8">
                <RotateCcw aria-hidden size={15} />
              </IconButton>
            )}
            {onBranch && (
              <IconButton label={words.branch} onClick={onBranch} className="size-8">
                <GitBranch aria-hidden size={15} />
              </IconButton>
            )}
            {children}
            <span className="truncate px-2 text-[13px] text-muted">
              {modelLabel}
              {reply.usage && <Cost usage={reply.usage} />}
            </span>
          </>
        )}
      </div>
    </article>
  );
}

/** What a reply cost; what was estimated says so. */
function Cost({ usage: { credits, source } }: { usage: NonNullable<Message["usage"]> }) {
  const { messages, usage } = useWords();
  return ` · ${messages.cost(usage.credits(credits), source === "estimate")}`;
}

function PlainText({ children }: { children: string }) {
  return <div className="markdown whitespace-pre-wrap">{children}</div>;
}

function Thinking() {
  const words = useWords().messages;
  return (
    <p className="flex h-7 items-center gap-2.5 text-muted">
      <span aria-hidden className="breathing size-2.5 rounded-full bg-accent" />
      {words.thinking}
    </p>
  );
}
