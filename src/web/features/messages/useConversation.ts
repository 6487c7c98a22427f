import { useMutation } from "convex/react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, type Message } from "../../app/api.ts";
import { threadPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { readCommand } from "../media/commands.ts";
import { newRequestId } from "./requestId.ts";
import { useMessagePages } from "./useMessagePages.ts";
import { temporaryState } from "./useTemporary.ts";
import { useEdit, useRegeneration, useTurn } from "./useTurn.ts";

/** One conversation, live, and what a person can do in it. `threadId` is null while it has no message yet. */
export function useConversation(threadId: string | null, temporary: boolean) {
  const pages = useMessagePages(threadId);
  const { opening, send, ...sending } = useSending(threadId, temporary);
  return {
    ...pages,
    /** The reply being written, if there is one. Pictures and videos are made beside the conversation. */
    streaming: [...pages.newest, ...pages.messages].find(({ state, jobId }) => state === "streaming" && jobId === null),
    /** The first message of a new thread, until the thread's own list shows it. */
    opening: threadId === null || pages.loading ? opening : null,
    ...sending,
    send: (...message: Parameters<typeof send>) => {
      if (!pages.atNewest || pages.anchorId !== null) pages.openAround(null);
      return send(...message);
    },
    ...useMessageCommands(threadId, temporary),
  };
}

function useSending(threadId: string | null, temporary: boolean) {
  const navigate = useNavigate();
  const takeTurn = useTurn();
  const words = useWords().messages;
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [opening, setOpening] = useState<{ text: string; threadId: string | null } | null>(null);

  /** Resolves to whether the message was taken; if not, `problem` says why. */
  async function send(text: string, model: string | undefined, attachmentIds: string[]): Promise<boolean> {
    if (temporary && readCommand(text)) {
      setProblem(words.temporaryNoMedia);
      return false;
    }
    setSending(true);
    setProblem(null);
    if (threadId === null) setOpening({ text, threadId });
    try {
      const sent = await takeTurn({
        ...(threadId === null ? { temporary } : { threadId }),
        text,
        model,
        attachmentIds,
      });
      if (threadId === null) {
        setOpening({ text, threadId: sent.threadId });
        const state = temporary ? temporaryState : null;
        void navigate(threadPath(sent.threadId), { replace: true, state });
      }
      return true;
    } catch (error) {
      setOpening(null);
      setProblem(sentenceOf(error));
      return false;
    } finally {
      setSending(false);
    }
  }
  return { send, sending, problem, opening: opening?.threadId === threadId ? opening.text : null };
}

function useMessageCommands(threadId: string | null, temporary: boolean) {
  const notify = useNotice();
  const navigate = useNavigate();
  const stop = useMutation(api.messages.stop);
  const select = useMutation(api.messages.select);
  const branch = useMutation(api.threads.branch);
  const regenerate = useRegeneration();
  const edit = useEdit();
  const refused = (error: unknown) => notify(sentenceOf(error));
  const branchAt = async (messageId: string) => {
    const made = await branch({ threadId: threadId ?? "", messageId, requestId: newRequestId() });
    void navigate(threadPath(made.threadId));
  };
  return {
    stop: (reply: Message) => void stop({ messageId: reply._id }).catch(refused),
    tryAgain: (reply: Message) => void regenerate(reply).catch(refused),
    /** Says something else in place of a message. */
    edit: (message: Message, text: string) => void edit(message, text).catch(refused),
    /** Shows another of the alternatives at one place. */
    select: (messageId: string) => void select({ messageId }).catch(refused),
    /** Goes on from a message in a chat of its own; absent where that would keep what is not to be kept. */
    branch: temporary ? undefined : (message: Message) => void branchAt(message._id).catch(refused),
  };
}
