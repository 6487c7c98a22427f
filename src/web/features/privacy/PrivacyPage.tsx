import type { Account } from "../../app/api.ts";

import { Splash } from "../../app/Splash.tsx";
import { useSiteUrl } from "../../app/siteUrl.ts";
import { Button } from "../../ui/Button.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";
import { Archives } from "./Archives.tsx";
import { Choices } from "./Choices.tsx";
import { HeldData } from "./HeldData.tsx";
import { Leaving } from "./Leaving.tsx";
import { LegalHolds } from "./LegalHolds.tsx";
import { Profile } from "./Profile.tsx";
import { Receipts } from "./Receipts.tsx";
import { Requests } from "./Requests.tsx";
import { useOverview } from "./useOverview.ts";

/** What is held about a person, and their rights over it. */
export default function PrivacyPage({ account }: { account: Account }) {
  const { privacy } = useWords();
  const siteUrl = useSiteUrl();
  return (
    <Page title={privacy.title} lead={privacy.lead}>
      {account.state === "restricted" && (
        <div className="mt-5">
          <Problem>{privacy.restricted}</Problem>
        </div>
      )}
      <Rights account={account} />
      <p className="mt-10 text-[14.5px]">
        <a href={`${siteUrl}/privacy`} className="underline underline-offset-4">
          {privacy.publicPage}
        </a>
      </p>
    </Page>
  );
}

function Rights({ account }: { account: Account }) {
  const { app, privacy } = useWords();
  const { overview, problem, refresh } = useOverview();
  if (!overview && problem) {
    return (
      <div className="mt-6">
        <Problem
          action={
            <Button small onClick={() => void refresh()}>
              {app.tryAgain}
            </Button>
          }
        >
          {problem}
        </Problem>
      </div>
    );
  }
  if (!overview) return <Splash />;
  return (
    <>
      <Section title={privacy.held}>
        <HeldData overview={overview} />
      </Section>
      <LegalHolds />
      <Section title={privacy.archives}>
        <Archives />
      </Section>
      <Section title={privacy.profile}>
        <Profile account={account} onSaved={refresh} />
      </Section>
      <Section title={privacy.choices}>
        <Choices account={account} overview={overview} onChanged={refresh} />
      </Section>
      <Section title={privacy.requests}>
        <Requests />
      </Section>
      <Section title={privacy.receipts}>
        <Receipts />
      </Section>
      <Section title={privacy.leaving}>
        <Leaving />
      </Section>
    </>
  );
}
