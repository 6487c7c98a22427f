import { useMutation } from "convex/react";
import { useState } from "react";
import { CLOSURE_GRACE_MS } from "../../../policy/periods.ts";
import { api } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/Dialog.tsx";
import { useWords } from "../../words/words.ts";
import { daysOf } from "./days.ts";
import { EraseAccount } from "./EraseAccount.tsx";
import { useAttempt } from "./useAttempt.ts";

/** The two ways out: with thirty days to come back, and without. */
export function Leaving() {
  const { privacy } = useWords();
  const graceDays = daysOf(CLOSURE_GRACE_MS);
  const close = useMutation(api.account.close);
  const { busy, attempt } = useAttempt();
  const [asking, setAsking] = useState(false);
  const [button, setButton] = useState<HTMLButtonElement | null>(null);
  return (
    <div className="grid gap-6 rounded-2xl border border-line bg-raised p-4 sm:p-5">
      <div>
        <p className="mb-3 max-w-[60ch] text-[15px] text-pretty text-muted">{privacy.closeHint(graceDays)}</p>
        <Button ref={setButton} busy={busy} onClick={() => setAsking(true)}>
          {privacy.close}
        </Button>
      </div>
      <div>
        <p className="mb-3 max-w-[60ch] text-[15px] text-pretty text-muted">{privacy.eraseHint(graceDays)}</p>
        <EraseAccount />
      </div>
      {asking && (
        <ConfirmDialog
          title={privacy.closeTitle}
          confirmLabel={privacy.closeConfirm}
          returnFocusTo={button}
          onClose={() => setAsking(false)}
          onConfirm={() => void attempt(() => close({}))}
        >
          {privacy.closeHint(graceDays)}
        </ConfirmDialog>
      )}
    </div>
  );
}
