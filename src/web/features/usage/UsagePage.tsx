import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import type { ReactNode } from "react";
import { type Account, api } from "../../app/api.ts";
import { useNow } from "../../app/useNow.ts";
import { Button } from "../../ui/Button.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";
import { useIdentity } from "../account/identity.ts";
import { forecast } from "./credits.ts";
import { DailyCeiling } from "./DailyCeiling.tsx";
import { DailyChart } from "./DailyChart.tsx";
import { History } from "./History.tsx";

const DAYS = 30;
const HOUR_MS = 60 * 60_000;

/** What a person has, how long it lasts, what they spent and on what. */
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
  if (!summary || !days) return null;
  return (
    <>
      <Balance account={account} summary={summary} />
      <Section title={usage.ownLimit}>
        <DailyCeiling account={account} />
      </Section>
      <Section title={usage.lastDays(DAYS)}>
        <DailyChart days={days} />
      </Section>
      <Section title={usage.history}>
        <History />
      </Section>
    </>
  );
}

type Summary = FunctionReturnType<typeof api.usage.summary>;

function Balance({ account, summary }: { account: Account; summary: Summary }) {
  const { usage } = useWords();
  const { openBilling } = useIdentity();
  const { plan, available, held, bought, spentToday, dailyCeiling, periodEndsAt, daysLeft } = summary;
  return (
    <section className="mt-4 rounded-2xl border border-line bg-raised p-5 shadow-raised">
      <p className="font-display text-[28px]">{usage.credits(available)}</p>
      <p className="mt-1 text-[14.5px] text-muted">{forecast(usage, daysLeft)}</p>
      <dl className="mt-4 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-[14.5px]">
        <Fact term={usage.plan}>
          {periodEndsAt === null ? capitalised(plan) : usage.newCreditsAt(capitalised(plan), periodEndsAt)}
        </Fact>
        <Fact term={usage.spentToday}>
          {dailyCeiling === null ? usage.credits(spentToday) : usage.ofOwnCeiling(spentToday, dailyCeiling)}
        </Fact>
        {held > 0 && <Fact term={usage.setAside}>{usage.heldNow(held)}</Fact>}
        {bought > 0 && <Fact term={usage.bought}>{usage.notExpiring(bought)}</Fact>}
      </dl>
      <Button small className="mt-4" onClick={() => openBilling(account.email)}>
        {usage.changePlan}
      </Button>
    </section>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{term}</dt>
      <dd>{children}</dd>
    </>
  );
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
