import { ArrowDown } from "lucide-react";
import { type RefObject, useLayoutEffect, useRef } from "react";
import { useStickToBottom } from "use-stick-to-bottom";
import type { Message, Model } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { JobReply } from "../media/JobReply.tsx";
import { Alternatives } from "./Alternatives.tsx";
import { PersonMessage } from "./PersonMessage.tsx";
import { ReplyMessage } from "./ReplyMessage.tsx";
import type { useConversation } from "./useConversation.ts";

interface MessageLogProps {
  conversation: ReturnType<typeof useConversation>;
  models: readonly Model[];
}

/** The messages, oldest on top. Stays at the newest while it grows, unless the person scrolled away from it. */
export function MessageLog({ conversation, models }: MessageLogProps) {
  const { messages, streaming, loading, loadOlder, opening, tryAgain, select } = conversation;
  const { scrollRef, contentRef, isAtBottom, scrollToBottom } = useStickToBottom({
    initial: "instant",
    resize: "instant",
  });
  const lastId = messages.at(-1)?._id;
  const keepPlace = useKeptPlace(scrollRef, messages[0]?._id);
  const showEarlier = () => {
    keepPlace();
    loadOlder?.();
  };

  return (
    <div className="relative min-h-0 flex-1">
      <h1 className="sr-only">Chat</h1>
      <p role="status" className="sr-only">
        {loading ? "Opening the chat" : streaming ? "A reply is being written" : ""}
      </p>
      {/* Focusable, so that it can be scrolled with the keyboard. */}
      <section ref={scrollRef} tabIndex={0} aria-label="Messages" className="scroll-quiet h-full overflow-y-auto">
        <div
          ref={contentRef}
          className="mx-auto grid max-w-[46rem] grid-cols-[minmax(0,1fr)] gap-6 px-5 pt-8 pb-6 md:px-7"
        >
          {loadOlder && (
            <Button small onClick={showEarlier} className="justify-self-center">
              Show earlier messages
            </Button>
          )}
          {messages.map((message) =>
            message.role === "user" ? (
              <PersonMessage key={message._id} text={message.text} attachments={message.attachments} />
            ) : message.jobId ? (
              <JobReply
                key={message._id}
                reply={message}
                jobId={message.jobId}
                modelLabel={labelOf(message, models)}
                onTryAgain={message._id === lastId ? () => tryAgain(message) : undefined}
              >
                <Alternatives message={message} onSelect={select} />
              </JobReply>
            ) : (
              <ReplyMessage
                key={message._id}
                reply={message}
                modelLabel={labelOf(message, models)}
                onSelect={select}
                onTryAgain={message._id === lastId ? () => tryAgain(message) : undefined}
              />
            ),
          )}
          {opening !== null && messages.length === 0 && <PersonMessage text={opening} />}
        </div>
      </section>
      {!isAtBottom && (
        <IconButton
          round
          label="Go to the newest message"
          onClick={() => void scrollToBottom()}
          className="absolute bottom-3 left-1/2 -translate-x-1/2 size-9 border border-line bg-raised shadow-raised hover:bg-hover"
        >
          <ArrowDown aria-hidden size={17} />
        </IconButton>
      )}
    </div>
  );
}

/**
 * Keeps what a person reads in place when earlier messages appear above it. Call the result before they are asked for;
 * `firstId`, the id of the topmost message, tells when they are there.
 */
function useKeptPlace(scroller: RefObject<HTMLElement | null>, firstId: string | undefined): () => void {
  const kept = useRef<{ firstId: string | undefined; fromBottom: number } | null>(null);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !kept.current || kept.current.firstId === firstId) return;
    element.scrollTo({ top: element.scrollHeight - kept.current.fromBottom, behavior: "instant" });
    kept.current = null;
  }, [scroller, firstId]);
  return () => {
    const element = scroller.current;
    kept.current = element && { firstId, fromBottom: element.scrollHeight - element.scrollTop };
  };
}

function labelOf({ model }: Message, models: readonly Model[]): string {
  return models.find(({ id }) => id === model)?.label ?? model ?? "Reply";
}
