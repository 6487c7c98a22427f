/** The billing stand-in's page: plain HTML, one form. */
import { html } from "hono/html";
import { PLANS } from "../../shared/plans.ts";
import { TOP_UPS } from "../../shared/topUps.ts";
import { layout, type Page } from "./page.ts";
import type { SubscriptionItem } from "./subscriptions.ts";

const CHOICES = [
  ...Object.values(PLANS).map(({ id, label, monthlyCredits, monthlyCents }) => ({
    change: id as string,
    text: `${label}: ${monthlyCredits.toLocaleString("en")} credits a month, ${dollars(monthlyCents)}`,
  })),
  ...Object.entries(TOP_UPS).map(([change, { label, cents }]) => ({ change, text: `Buy ${label}, ${dollars(cents)}` })),
  { change: "failPayment", text: "Let a payment fail" },
  { change: "pay", text: "Pay what is missing" },
];

/** What a person has subscribed to, and the form that changes it. `note`: what became of the last change. */
export function billingPage(shown: { appUrl: string; email: string; items: SubscriptionItem[]; note?: string }): Page {
  const { appUrl, email, items, note } = shown;
  return layout(
    "Billing stand-in",
    html`<h1>This stands in for Clerk's billing</h1>
      <p>Nothing is paid here. A change sends the webhooks that Clerk would send. <a href="${appUrl}">Back to the app</a></p>
      ${note ? html`<p role="status"><strong>${note}</strong></p>` : ""}
      ${items.length > 0 ? html`<ul>${items.map(itemLine)}</ul>` : ""}
      <form method="post" action="/billing">
        <label for="email">Mail address</label>
        <input id="email" name="email" type="email" required maxlength="254" value="${email}">
        <label for="change">Change</label>
        <select id="change" name="change">${CHOICES.map(({ change, text }) => html`<option value="${change}">${text}</option>`)}</select>
        <button>Change it</button>
      </form>`,
  );
}

function itemLine({ slug, status, periodEndMs }: SubscriptionItem): Page {
  return html`<li>${slug}: ${status}, until ${new Date(periodEndMs).toISOString().slice(0, 10)}</li>`;
}

function dollars(cents: number): string {
  return cents === 0 ? "nothing to pay" : `$${(cents / 100).toFixed(2)}`;
}
