import { useQuery } from "convex/react";
import { type Account, api } from "../../app/api.ts";
import { Splash } from "../../app/Splash.tsx";
import { useNow } from "../../app/useNow.ts";
import { Page, Section } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";
import { DailyCeiling } from "./DailyCeiling.tsx";
import { DailyUse } from "./DailyUse.tsx";
import { History } from "./History.tsx";
import { Plans } from "./Plans.tsx";
import { Prices } from "./Prices.tsx";
import { Standing } from "./Standing.tsx";

const DAYS = 30;
const HOUR_MS = 60 * 60_000;

/** What a person has, how long it lasts, what they spent and on what, what things cost, and where more comes from. */
export default function UsagePage({ account }: { account: Account }) {
  const { usage } = useWords();
  return (
    <Page title={usage.title}>
      <Figures account={account} />
    </Page>
  );
}

function Figures({ account }: { account: Account }) {
  const { usage } = useWords();
  // By the hour, so that the queries stay the same ones while the page is open.
  const nowAt = Math.ceil(useNow() / HOUR_MS) * HOUR_MS - 1;
  const summary = useQuery(api.usage.summary, { nowAt });
  const days = useQuery(api.usage.byDay, { nowAt, days: DAYS });
  if (!summary || !days) return <Splash />;
  return (
    <>
      <Standing summary={summary} />
      <Section title={usage.lastDays(DAYS)}>
        <DailyUse days={days} />
      </Section>
      <Section title={usage.plan}>
        <Plans account={account} />
      </Section>
      <Section title={usage.ownLimit}>
        <DailyCeiling account={account} />
      </Section>
      <Section title={usage.prices}>
        <Prices />
      </Section>
      <Section title={usage.history}>
        <History />
      </Section>
    </>
  );
}
