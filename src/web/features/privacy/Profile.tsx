import { useMutation } from "convex/react";
import { type FormEvent, useState } from "react";
import { type Account, api } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { useAttempt } from "./useAttempt.ts";

/** Where a person corrects their name, and what says how the rest is corrected. */
export function Profile({ account, onSaved }: { account: Account; onSaved: () => Promise<void> }) {
  const { privacy } = useWords();
  const update = useMutation(api.account.update);
  const notify = useNotice();
  const { busy, attempt } = useAttempt();
  const [name, setName] = useState(account.name);
  const isChanged = name.trim() !== "" && name.trim() !== account.name;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await attempt(() => update({ name: name.trim() })))) return;
    notify(privacy.nameSaved);
    await onSaved();
  };
  return (
    <form onSubmit={save}>
      <p className="mb-3 max-w-[60ch] text-[15px] text-pretty text-muted">{privacy.profileLead}</p>
      <div className="flex flex-wrap items-end gap-3">
        <Field
          label={privacy.name}
          autoComplete="name"
          value={name}
          disabled={account.state !== "live"}
          onChange={(event) => setName(event.target.value)}
          className="w-full max-w-xs"
        />
        <Button type="submit" className="h-11" busy={busy} disabled={!isChanged}>
          {privacy.save}
        </Button>
      </div>
    </form>
  );
}
