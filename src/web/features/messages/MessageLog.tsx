import { ArrowDown } from "lucide-react";
import { useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import type { Message, Model } from "../../app/api.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { useWords } from "../../words/words.ts";
import { JobReply } from "../media/JobReply.tsx";
import { Alternatives } from "./Alternatives.tsx";
import { PersonMessage } from "./PersonMessage.tsx";
import { ReplyMessage } from "./ReplyMessage.tsx";
import type { useConversation } from "./useConversation.ts";
import { useEnd } from "./useEnd.ts";
import { useNamedMessage, useNeighbours, useOwnMessage, useShift } from "./useReading.ts";

interface MessageLogProps {
  conversation: ReturnType<typeof useConversation>;
  models: readonly Model[];
}

/** The room above the first message, in pixels. */
const topPx = 32;
/** How far beyond what is visible messages stay in the page, in pixels. */
const beyondPx = 900;

/**
 * The messages, oldest on top. Stays at the newest while it grows, unless the person scrolled away from it. Only the
 * messages around what is visible are in the page, however long the chat: see [Note: Long chats].
 */
export function MessageLog({ conversation, models }: MessageLogProps) {
  const { messages, streaming, loading, loadingMore, opening, atNewest } = conversation;
  const words = useWords().messages;
  const scroller = useRef<HTMLElement>(null);
  const window = useRef<VirtualizerHandle>(null);
  const { atEnd, toEnd, leaveEnd } = useEnd(scroller, atNewest);
  const [editingId, setEditingId] = useState<string | null>(null);
  const keepNeighbours = useNeighbours(conversation, window, { atEnd, mayTrim: editingId === null });
  const shift = useShift(messages);
  const newest = atNewest ? messages.at(-1) : undefined;
  useOwnMessage(conversation.newest, () => atNewest && toEnd());
  const namedId = useNamedMessage(conversation, (index) => {
    leaveEnd();
    window.current?.scrollToIndex(index, { align: "center" });
  });

  const toNewest = () => {
    if (!atNewest) conversation.openAround(null);
    toEnd();
  };
  const kept = [streaming?._id, editingId].map((id) => messages.findIndex(({ _id }) => _id === id));
  return (
    <div className="relative min-h-0 flex-1">
      <h1 className="sr-only">{words.chat}</h1>
      <p role="status" className="sr-only">
        {loading ? words.opening : streaming ? words.writing : ""}
      </p>
      {/* Focusable, so that it can be scrolled with the keyboard. */}
      <section
        ref={scroller}
        tabIndex={0}
        aria-label={words.messages}
        className="scroll-quiet h-full overflow-y-auto [overflow-anchor:none]"
      >
        <div className="mx-auto max-w-[46rem] px-4 pb-2 sm:px-5 md:px-7" style={{ paddingTop: topPx }}>
          <Virtualizer
            key={conversation.openings}
            ref={window}
            scrollRef={scroller}
            startMargin={topPx}
            bufferSize={beyondPx}
            shift={shift}
            keepMounted={kept.filter((index) => index >= 0)}
            onScroll={keepNeighbours}
          >
            {messages.map((message) => (
              <div key={message._id} className="relative pb-6">
                {message._id === namedId && (
                  <span aria-hidden className="absolute inset-y-0 -left-3 mb-8 w-1 rounded-full bg-accent" />
                )}
                <Turn
                  message={message}
                  conversation={conversation}
                  models={models}
                  isNewest={message === newest}
                  editing={message._id === editingId}
                  onEditing={setEditingId}
                />
              </div>
            ))}
          </Virtualizer>
          {opening !== null && messages.length === 0 && <PersonMessage text={opening} />}
        </div>
      </section>
      {loadingMore && (
        <p className="arriving-late pointer-events-none absolute inset-x-0 top-2 text-center text-[13px] text-muted">
          <span className="rounded-full border border-line bg-raised px-3 py-1 shadow-raised">{words.loadingMore}</span>
        </p>
      )}
      {!atEnd && (
        <IconButton
          round
          label={words.toNewest}
          onClick={toNewest}
          className="absolute bottom-3 left-1/2 size-9 -translate-x-1/2 border border-line bg-raised shadow-raised hover:bg-hover"
        >
          <ArrowDown aria-hidden size={17} />
        </IconButton>
      )}
    </div>
  );
}

interface TurnProps extends MessageLogProps {
  message: Message;
  isNewest: boolean;
  editing: boolean;
  onEditing: (messageId: string | null) => void;
}

/** One message, as its kind is shown, with what can be done with it. */
function Turn({ message, conversation, models, isNewest, editing, onEditing }: TurnProps) {
  const { tryAgain, select, edit, branch, streaming } = conversation;
  const words = useWords().messages;
  const alternatives = <Alternatives message={message} onSelect={select} />;
  const onTryAgain = isNewest ? () => tryAgain(message) : undefined;
  if (message.role === "user") {
    return (
      <PersonMessage
        text={message.text}
        attachments={message.attachments}
        editing={editing}
        onEdit={streaming || !message.state ? undefined : () => onEditing(message._id)}
        onEdited={(text) => {
          onEditing(null);
          if (text !== null) edit(message, text);
        }}
      >
        {alternatives}
      </PersonMessage>
    );
  }
  const modelLabel = models.find(({ id }) => id === message.model)?.label ?? message.model ?? words.reply;
  if (message.jobId) {
    return (
      <JobReply reply={message} jobId={message.jobId} modelLabel={modelLabel} onTryAgain={onTryAgain}>
        {alternatives}
      </JobReply>
    );
  }
  return (
    <ReplyMessage
      reply={message}
      modelLabel={modelLabel}
      onTryAgain={onTryAgain}
      onBranch={branch && (() => branch(message))}
    >
      {alternatives}
    </ReplyMessage>
  );
}
