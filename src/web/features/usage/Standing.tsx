import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import type { ReactNode } from "react";
import { api } from "../../app/api.ts";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";
import { forecast } from "./credits.ts";

export type Summary = FunctionReturnType<typeof api.usage.summary>;

/** What a person has, how long it lasts, and what of it is bespoken. */
export function Standing({ summary }: { summary: Summary }) {
  const { formats, usage } = useWords();
  const { available, held, bought, spentToday, dailyCeiling, periodEndsAt, daysLeft } = summary;
  return (
    <section
      aria-label={usage.balance}
      className="mt-6 rounded-2xl border border-line bg-raised p-5 shadow-raised sm:p-6"
    >
      <p className="font-display text-[40px] leading-none tabular-nums">{usage.credits(available)}</p>
      <p className="mt-2.5 text-[15px] text-muted">{forecast(usage, daysLeft)}</p>
      <MissingPayment />
      <dl className="mt-5 grid gap-x-8 gap-y-4 border-t border-line pt-5 text-[15px] sm:grid-cols-2">
        <Fact term={usage.spentToday}>
          {dailyCeiling === null ? usage.credits(spentToday) : usage.ofOwnCeiling(spentToday, dailyCeiling)}
        </Fact>
        {periodEndsAt !== null && <Fact term={usage.newCredits}>{formats.day(periodEndsAt)}</Fact>}
        {held > 0 && <Fact term={usage.setAside}>{usage.heldNow(held)}</Fact>}
        {bought > 0 && <Fact term={usage.bought}>{usage.notExpiring(bought)}</Fact>}
      </dl>
    </section>
  );
}

/** Says until when a payment that is missing can be made, where one is. */
function MissingPayment() {
  const { usage } = useWords();
  const subscription = useQuery(api.billing.subscription, {});
  if (!subscription?.graceEndsAt) return null;
  return (
    <div className="mt-4">
      <Problem>{usage.paymentMissing(subscription.graceEndsAt)}</Problem>
    </div>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-[13.5px] text-muted">{term}</dt>
      <dd className="mt-0.5">{children}</dd>
    </div>
  );
}
