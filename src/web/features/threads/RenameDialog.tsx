import { useMutation } from "convex/react";
import { type FormEvent, useState } from "react";
import { TITLE_CHARACTERS } from "../../../shared/limits.ts";
import { api } from "../../app/api.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Problem } from "../../ui/Problem.tsx";
import type { ThreadDialogProps } from "./ThreadRow.tsx";

/** Gives a thread another title. */
export function RenameDialog({ thread, onClose, returnFocusTo }: ThreadDialogProps) {
  const rename = useMutation(api.threads.rename);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget).get("title") ?? "").trim();
    setBusy(true);
    try {
      await rename({ threadId: thread._id, title });
      onClose();
    } catch (error) {
      setProblem(sentenceOf(error));
      setBusy(false);
    }
  }

  return (
    <Dialog title="Rename chat" onClose={onClose} returnFocusTo={returnFocusTo}>
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label="Title"
          name="title"
          defaultValue={thread.title}
          required
          maxLength={TITLE_CHARACTERS}
          autoComplete="off"
        />
        {problem && <Problem>{problem}</Problem>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={busy}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
