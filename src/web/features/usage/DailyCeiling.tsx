import { type FormEvent, useState } from "react";
import type { Account } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useWords } from "../../words/words.ts";
import { useUpdateSettings } from "../account/useSettings.ts";

/** Where a person sets how much they allow themself to spend in a day. Empty means no ceiling. */
export function DailyCeiling({ account }: { account: Account }) {
  const { usage } = useWords();
  const updateSettings = useUpdateSettings();
  const set = account.settings.dailyCeiling ?? null;
  const [text, setText] = useState(set?.toString() ?? "");
  const ceiling = text.trim() === "" ? null : Number(text);
  const isValid = ceiling === null || (Number.isSafeInteger(ceiling) && ceiling >= 0);
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (isValid) updateSettings({ dailyCeiling: ceiling });
  };
  return (
    <form onSubmit={save} className="flex items-end gap-3">
      <Field
        label={usage.mostADay}
        inputMode="numeric"
        value={text}
        onChange={(event) => setText(event.target.value)}
        hint={usage.emptyForNone}
        aria-invalid={!isValid}
      />
      <Button type="submit" className="h-11" disabled={!isValid || ceiling === set}>
        {usage.save}
      </Button>
    </form>
  );
}
