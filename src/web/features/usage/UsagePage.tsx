import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { type Account, api } from "../../app/api.ts";
import { Boundary } from "../../app/Boundary.tsx";
import { Contact } from "../../app/Contact.tsx";
import { Failure } from "../../app/Failure.tsx";
import { newThreadPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { useNow } from "../../app/useNow.ts";
import { Button } from "../../ui/Button.tsx";
import { useIdentity } from "../account/identity.ts";
import { creditsLabel, forecast } from "./credits.ts";
import { DailyCeiling } from "./DailyCeiling.tsx";
import { DailyChart } from "./DailyChart.tsx";
import { History } from "./History.tsx";

const DAYS = 30;
const HOUR_MS = 60 * 60_000;

/** What a person has, how long it lasts, what they spent and on what. */
export default function UsagePage({ account }: { account: Account }) {
  return (
    <main className="relative min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto max-w-2xl px-5 py-8">
        <Link href={newThreadPath} className="rounded text-[14.5px] text-muted hover:text-ink">
          Back to your chats
        </Link>
        <h1 className="mt-3 font-display text-[34px]">Credits</h1>
        <Boundary fallback={(error) => <Failure sentence={sentenceOf(error)} />}>
          <Figures account={account} />
        </Boundary>
        <footer className="mt-10 text-[13px] text-muted">
          <Contact />
        </footer>
      </div>
    </main>
  );
}

function Figures({ account }: { account: Account }) {
  // By the hour, so that the queries stay the same ones while the page is open.
  const nowAt = Math.ceil(useNow() / HOUR_MS) * HOUR_MS - 1;
  const summary = useQuery(api.usage.summary, { nowAt });
  const days = useQuery(api.usage.byDay, { nowAt, days: DAYS });
  if (!summary || !days) return null;
  return (
    <>
      <Balance account={account} summary={summary} />
      <Section title="Your own limit">
        <DailyCeiling account={account} />
      </Section>
      <Section title={`The last ${DAYS} days`}>
        <DailyChart days={days} />
      </Section>
      <Section title="History">
        <History />
      </Section>
    </>
  );
}

type Summary = FunctionReturnType<typeof api.usage.summary>;

function Balance({ account, summary }: { account: Account; summary: Summary }) {
  const { openBilling } = useIdentity();
  const { plan, available, held, bought, spentToday, dailyCeiling, periodEndsAt, daysLeft } = summary;
  return (
    <section className="mt-4 rounded-2xl border border-line bg-raised p-5 shadow-raised">
      <p className="font-display text-[28px]">{creditsLabel(available)}</p>
      <p className="mt-1 text-[14.5px] text-muted">{forecast(daysLeft)}</p>
      <dl className="mt-4 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-[14.5px]">
        <Fact term="Plan">{planLabel(plan, periodEndsAt)}</Fact>
        <Fact term="Spent today">
          {creditsLabel(spentToday)}
          {dailyCeiling !== null && ` of the ${dailyCeiling.toLocaleString("en")} you allow yourself`}
        </Fact>
        {held > 0 && <Fact term="Set aside">{creditsLabel(held)} for what is being made now</Fact>}
        {bought > 0 && <Fact term="Bought">{creditsLabel(bought)} that do not expire</Fact>}
      </dl>
      <Button small className="mt-4" onClick={() => openBilling(account.email)}>
        Change plan
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

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mt-8">
      <h2 className="mb-2 text-[15px] font-semibold">{title}</h2>
      {children}
    </section>
  );
}

function planLabel(plan: Summary["plan"], periodEndsAt: number | null): string {
  const name = plan.charAt(0).toUpperCase() + plan.slice(1);
  if (periodEndsAt === null) return name;
  return `${name}, new credits on ${new Date(periodEndsAt).toLocaleDateString("en", { dateStyle: "long" })}`;
}
