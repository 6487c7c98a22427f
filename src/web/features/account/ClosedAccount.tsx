import { useMutation } from "convex/react";
import { type Account, api } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";
import { Archives } from "../privacy/Archives.tsx";
import { EraseAccount } from "../privacy/EraseAccount.tsx";
import { LegalHolds } from "../privacy/LegalHolds.tsx";
import { Receipts } from "../privacy/Receipts.tsx";
import { useAttempt } from "../privacy/useAttempt.ts";
import { useIdentity } from "./identity.ts";
import { useLanguageOf, useThemeOf } from "./useSettings.ts";

/** All that the person of a closed account can do until it is erased: reopen it, take their data with them, erase it. */
export default function ClosedAccount({ account, erasesAt }: { account: Account; erasesAt: number }) {
  const words = useWords();
  const { privacy } = words;
  useThemeOf(account);
  useLanguageOf(account);
  const { signOut } = useIdentity();
  const reopen = useMutation(api.account.reopen);
  const { busy, attempt } = useAttempt();
  return (
    <Page title={privacy.closedTitle} lead={privacy.closedLead(erasesAt)}>
      <div className="mt-6 flex flex-wrap gap-2">
        <Button kind="primary" busy={busy} onClick={() => void attempt(() => reopen({}))}>
          {privacy.reopen}
        </Button>
        <Button onClick={() => void signOut()}>{words.account.signOut}</Button>
      </div>
      <LegalHolds />
      <Section title={privacy.archives}>
        <Archives />
      </Section>
      <Section title={privacy.receipts}>
        <Receipts />
      </Section>
      <Section title={privacy.erase}>
        <EraseAccount />
      </Section>
    </Page>
  );
}
