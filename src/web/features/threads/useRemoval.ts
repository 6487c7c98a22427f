import { useMutation } from "convex/react";
import { useLocation, useNavigate } from "react-router";
import { UNDO_MS } from "../../../policy/periods.ts";
import { api, type Thread } from "../../app/api.ts";
import { newThreadPath, threadPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { focusOn } from "../../ui/focus.ts";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { newRequestId } from "../messages/requestId.ts";

/** The offer to undo goes a little before the server's patience ends. */
const offerMs = UNDO_MS - 5_000;

/**
 * Deletes a chat at once and offers to undo that. What brings the chat back is a key that this tab draws, and that nobody
 * else has: see [Note: Undoing a removal].
 */
export function useRemoval(): (thread: Thread) => void {
  const remove = useMutation(api.threads.remove);
  const restore = useMutation(api.threads.restore);
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const notify = useNotice();
  const { threads: words } = useWords();

  async function removeNow({ _id: threadId, title }: Thread): Promise<void> {
    const undoKey = newRequestId();
    const wasOpen = pathname === threadPath(threadId);
    if (wasOpen) void navigate(newThreadPath);
    await remove({ threadId, undoKey });
    const undo = async () => {
      await restore({ threadId, undoKey });
      if (wasOpen) void navigate(threadPath(threadId));
    };
    const run = () => void undo().catch((error) => notify(sentenceOf(error)));
    notify(words.removed(title || words.untitled), { label: words.undo, run, shownMs: offerMs });
    // The row it was asked with is gone, and the focus with it.
    requestAnimationFrame(() => document.activeElement === document.body && focusOn(null));
  }
  return (thread) => void removeNow(thread).catch((error) => notify(sentenceOf(error)));
}
