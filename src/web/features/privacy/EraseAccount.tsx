import { useAction } from "convex/react";
import { type FormEvent, useState } from "react";
import { BACKUP_MS } from "../../../policy/periods.ts";
import { api } from "../../app/api.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";
import { daysOf } from "./days.ts";

/** Erases the account at once, after saying what that means and asking for a word that nobody types by accident. */
export function EraseAccount() {
  const { privacy } = useWords();
  const [button, setButton] = useState<HTMLButtonElement | null>(null);
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button kind="danger" ref={setButton} onClick={() => setAsking(true)}>
        {privacy.erase}
      </Button>
      {asking && (
        <Dialog title={privacy.eraseTitle} returnFocusTo={button} onClose={() => setAsking(false)}>
          <EraseForm onCancel={() => setAsking(false)} />
        </Dialog>
      )}
    </>
  );
}

function EraseForm({ onCancel }: { onCancel: () => void }) {
  const { app, privacy } = useWords();
  const erase = useAction(api.account.erase);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const isMeant = typed.trim().toLowerCase() === privacy.eraseWord;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isMeant || busy) return;
    setBusy(true);
    // Whoever is erased is shown how far that is by what watches the account; this form goes with it.
    await erase({ confirm: "erase" }).catch((error) => setProblem(sentenceOf(error)));
    setBusy(false);
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <ol className="grid list-decimal gap-2 pl-5 text-[14.5px] text-muted">
        {privacy.eraseSteps(daysOf(BACKUP_MS)).map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <Field
        label={privacy.eraseType(privacy.eraseWord)}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {problem && <Problem>{problem}</Problem>}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onCancel}>{app.cancel}</Button>
        <Button type="submit" kind="danger" busy={busy} disabled={!isMeant}>
          {privacy.eraseConfirm}
        </Button>
      </div>
    </form>
  );
}
