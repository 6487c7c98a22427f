import { type FormEvent, useState } from "react";
import type { Account } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { useUpdateSettings } from "../account/useSettings.ts";

/** Where a person sets how much they allow themself to spend in a day. Empty means no ceiling. */
export function DailyCeiling({ account }: { account: Account }) {
  const { usage } = useWords();
  const notify = useNotice();
  const updateSettings = useUpdateSettings();
  const set = account.settings.dailyCeiling ?? null;
  const [text, setText] = useState(set?.toString() ?? "");
  const ceiling = text.trim() === "" ? null : Number(text);
  const isValid = ceiling === null || (Number.isSafeInteger(ceiling) && ceiling >= 0);
  const save = async () => {
    if (!isValid || ceiling === set) return;
    if (await updateSettings({ dailyCeiling: ceiling }))
      notify(ceiling === null ? usage.limitLifted : usage.limitSet(ceiling));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save();
  };
  return (
    <form onSubmit={submit} noValidate>
      <p className="mb-3 max-w-[60ch] text-[15px] text-pretty text-muted">{usage.ownLimitLead}</p>
      <div className="flex flex-wrap items-end gap-3">
        <Field
          label={usage.mostADay}
          inputMode="numeric"
          value={text}
          onChange={(event) => setText(event.target.value)}
          hint={usage.emptyForNone}
          problem={isValid ? undefined : usage.noWholeNumber}
        />
        <Button type="submit" className="h-11" disabled={!isValid || ceiling === set}>
          {usage.save}
        </Button>
      </div>
    </form>
  );
}
