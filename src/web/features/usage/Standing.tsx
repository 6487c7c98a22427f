import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { api } from "../../app/api.ts";
import { Fact, Facts } from "../../ui/Facts.tsx";
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
      <Facts layout="stacked" className="mt-5 border-t border-line pt-5">
        <Fact term={usage.spentToday}>
          {dailyCeiling === null ? usage.credits(spentToday) : usage.ofOwnCeiling(spentToday, dailyCeiling)}
        </Fact>
        {periodEndsAt !== null && <Fact term={usage.newCredits}>{formats.day(periodEndsAt)}</Fact>}
        {held > 0 && <Fact term={usage.setAside}>{usage.heldNow(held)}</Fact>}
        {bought > 0 && <Fact term={usage.bought}>{usage.notExpiring(bought)}</Fact>}
      </Facts>
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
