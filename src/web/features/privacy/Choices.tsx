import { useMutation } from "convex/react";
import { type Account, api } from "../../app/api.ts";
import { Toggle } from "../../ui/Toggle.tsx";
import { useWords } from "../../words/words.ts";
import { usePolicyWords } from "./policyWords.ts";
import { useAttempt } from "./useAttempt.ts";
import type { Overview } from "./useOverview.ts";

interface ChoicesProps {
  account: Account;
  overview: Overview;
  onChanged: () => Promise<void>;
}

/** Restriction, objections and consents: each takes one press to give and one to take back. */
export function Choices({ account, overview, onChanged }: ChoicesProps) {
  const { privacy } = useWords();
  const policy = usePolicyWords();
  const setRestriction = useMutation(api.privacy.setRestriction);
  const setObjection = useMutation(api.privacy.setObjection);
  const setConsent = useMutation(api.privacy.setConsent);
  const { busy, attempt } = useAttempt();
  const change = (work: () => Promise<unknown>) => void attempt(() => work().then(onChanged));
  return (
    <div className="grid gap-5 rounded-2xl border border-line bg-raised p-4 sm:p-5">
      <Toggle
        label={privacy.restrict}
        hint={privacy.restrictHint}
        checked={account.state === "restricted"}
        disabled={busy}
        onChange={(restricted) => change(() => setRestriction({ restricted }))}
      />
      {overview.objections.map(({ purpose, since }) => {
        const { label, text } = policy.objections[purpose];
        return (
          <Toggle
            key={purpose}
            label={privacy.object(label)}
            hint={since === null ? text : privacy.objectingSince(text, since)}
            checked={since !== null}
            disabled={busy}
            onChange={(objected) => change(() => setObjection({ purpose, objected }))}
          />
        );
      })}
      {overview.consents.map(({ purpose, textVersion, given, changedAt: changedAtMs }) => {
        const { label, text } = policy.consents[purpose];
        return (
          <Toggle
            key={purpose}
            label={privacy.consent(label)}
            hint={privacy.consentHint({ text, version: textVersion, changedAtMs })}
            checked={given}
            disabled={busy}
            onChange={(consents) => change(() => setConsent({ purpose, given: consents, textVersion }))}
          />
        );
      })}
    </div>
  );
}
