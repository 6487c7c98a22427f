import clsx from "clsx";
import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { type Account, api } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { useWords } from "../../words/words.ts";
import { useIdentity } from "../account/identity.ts";

type Plan = FunctionReturnType<typeof api.billing.plans>[number];

/** The plans there are, which one applies, and the way to another. */
export function Plans({ account }: { account: Account }) {
  const { usage } = useWords();
  const { openBilling } = useIdentity();
  const plans = useQuery(api.billing.plans, {});
  if (!plans) return null;
  return (
    <>
      <ul className="grid gap-3 sm:grid-cols-3">
        {plans.map((plan) => (
          <PlanCard key={plan.id} plan={plan} isCurrent={plan.id === account.plan} />
        ))}
      </ul>
      <p className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-3 text-[14px] text-muted">
        <Button small onClick={() => openBilling(account.email)}>
          {usage.changePlan}
        </Button>
        {usage.whereBillingIs}
      </p>
    </>
  );
}

function PlanCard({ plan, isCurrent }: { plan: Plan; isCurrent: boolean }) {
  const { formats, usage } = useWords();
  return (
    <li
      className={clsx("rounded-2xl border p-4", isCurrent ? "border-accent bg-tint" : "border-line bg-raised")}
      aria-current={isCurrent || undefined}
    >
      <h3 className="flex items-baseline justify-between gap-2 font-semibold">
        {plan.label}
        {isCurrent && <span className="text-[13px] font-medium text-accent">{usage.yourPlan}</span>}
      </h3>
      <p className="mt-1 font-display text-[26px] leading-tight">
        {plan.monthlyCents === 0 ? usage.free : usage.aMonth(formats.money(plan.monthlyCents, "USD"))}
      </p>
      <p className="mt-2 text-[14px] text-muted">
        {usage.planGives(plan.monthlyCredits)}
        <br />
        {usage.planAllows(plan.openReplies, plan.openJobs)}
      </p>
    </li>
  );
}
