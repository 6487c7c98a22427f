import { useMutation, usePaginatedQuery } from "convex/react";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { api, type Message } from "../../app/api.ts";
import { threadPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { useNotice } from "../../ui/Notices.tsx";
import { useRegeneration, useTurn } from "./useTurn.ts";

const pageSize = 30;

/** One conversation, live, and what a person can do in it. `threadId` is null while it has no message yet. */
export function useConversation(threadId: string | null) {
  const list = usePaginatedQuery(api.messages.list, threadId ? { threadId } : "skip", { initialNumItems: pageSize });
  const { stop, tryAgain } = useReplyCommands();
  const { send, sending, problem, opening } = useSending(threadId, list.status === "LoadingFirstPage");
  return {
    /** Oldest first. */
    messages: list.results.toReversed(),
    loading: threadId !== null && list.status === "LoadingFirstPage",
    loadOlder: list.status === "CanLoadMore" ? () => list.loadMore(pageSize) : undefined,
    /** The reply in progress, if there is one. */
    streaming: list.results.find(({ state }) => state === "streaming"),
    /** The first message of a new thread, until the thread's own list shows it. */
    opening,
    send,
    sending,
    problem,
    stop,
    tryAgain,
  };
}

function useSending(threadId: string | null, loading: boolean) {
  const [, navigate] = useLocation();
  const takeTurn = useTurn();
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [opening, setOpening] = useState<string | null>(null);

  const listed = threadId !== null && !loading;
  useEffect(() => {
    if (listed) setOpening(null);
  }, [listed]);

  /** Resolves to whether the message was taken; if not, `problem` says why. */
  async function send(text: string, model: string | undefined): Promise<boolean> {
    setSending(true);
    setProblem(null);
    if (threadId === null) setOpening(text);
    try {
      const sent = await takeTurn({ threadId: threadId ?? undefined, text, model });
      if (threadId === null) navigate(threadPath(sent.threadId), { replace: true });
      return true;
    } catch (error) {
      setOpening(null);
      setProblem(sentenceOf(error));
      return false;
    } finally {
      setSending(false);
    }
  }
  return { send, sending, problem, opening };
}

function useReplyCommands() {
  const notify = useNotice();
  const stopReply = useMutation(api.messages.stop);
  const regenerate = useRegeneration();
  const refused = (error: unknown) => notify(sentenceOf(error));
  return {
    stop: (reply: Message) => void stopReply({ messageId: reply._id }).catch(refused),
    tryAgain: (reply: Message) => void regenerate(reply).catch(refused),
  };
}
