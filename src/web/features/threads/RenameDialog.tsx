import { useMutation } from "convex/react";
import { type FormEvent, useState } from "react";
import { TITLE_CHARACTERS } from "../../../shared/limits.ts";
import { api, type Thread } from "../../app/api.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";

interface RenameDialogProps {
  thread: Thread;
  onClose: () => void;
  returnFocusTo: HTMLElement | null;
}

/** Gives a thread another title. */
export function RenameDialog({ thread, onClose, returnFocusTo }: RenameDialogProps) {
  const { threads: words, app } = useWords();
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
    <Dialog title={words.renameTitle} onClose={onClose} returnFocusTo={returnFocusTo}>
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label={words.titleField}
          name="title"
          defaultValue={thread.title}
          required
          maxLength={TITLE_CHARACTERS}
          autoComplete="off"
        />
        {problem && <Problem>{problem}</Problem>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{app.cancel}</Button>
          <Button type="submit" kind="primary" busy={busy}>
            {words.rename}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
