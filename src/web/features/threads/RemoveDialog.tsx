import { useMutation } from "convex/react";
import { useLocation, useNavigate } from "react-router";
import { api } from "../../app/api.ts";
import { newThreadPath, threadPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { ConfirmDialog } from "../../ui/Dialog.tsx";
import { useNotice } from "../../ui/Notices.tsx";
import type { ThreadDialogProps } from "./ThreadRow.tsx";

/** Asks before a thread is deleted: its key goes in the same moment, so nobody could bring it back. */
export function RemoveDialog({ thread, onClose, returnFocusTo }: ThreadDialogProps) {
  const remove = useMutation(api.threads.remove);
  const notify = useNotice();
  const { pathname } = useLocation();
  const navigate = useNavigate();

  async function confirm() {
    if (pathname === threadPath(thread._id)) void navigate(newThreadPath);
    await remove({ threadId: thread._id }).catch((error) => notify(sentenceOf(error)));
  }

  return (
    <ConfirmDialog
      title="Delete this chat?"
      confirmLabel="Delete for good"
      onConfirm={() => void confirm()}
      onClose={onClose}
      returnFocusTo={returnFocusTo}
    >
      “{thread.title || "Untitled"}” and the key that opens it are destroyed at once. This cannot be undone, not even by
      us.
    </ConfirmDialog>
  );
}
