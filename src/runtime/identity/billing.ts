/**
 * Stands in for Clerk's billing: who subscribed to what, in the identity stand-in's own database. Nothing is paid. Every
 * change is written together with the webhooks that tell of it, and periods end by the shared clock, also while the home
 * was not running.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../convex/types.ts";
import type { Directory } from "./directory.ts";
import { newId } from "./ids.ts";
import {
  applyChange,
  atPeriodEnd,
  type BillingChange,
  itemEvent,
  itemJson,
  nextTurnMs,
  payerJson,
  paymentJson,
  type SubscriptionItem,
} from "./subscriptions.ts";
import type { User } from "./users.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS subscriptionItems (id TEXT PRIMARY KEY, userId TEXT NOT NULL, json TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS subscriptionItems_by_user ON subscriptionItems (userId);
`;

export interface BillingDeps {
  db: DatabaseSync;
  clock: Clock;
  directory: Directory;
  /** Keeps a webhook message; called inside the transaction of the change it tells of. */
  tell: (event: string, data: object) => void;
}

export class Billing {
  readonly #deps: BillingDeps;
  readonly #wakes = new Map<string, () => void>();

  constructor(deps: BillingDeps) {
    this.#deps = deps;
    deps.db.exec(TABLES);
    for (const item of this.#items("SELECT json FROM subscriptionItems")) this.#arm(item);
  }

  /** A person's items, the oldest first. */
  itemsOf(userId: string): SubscriptionItem[] {
    return this.#items("SELECT json FROM subscriptionItems WHERE userId = ? ORDER BY rowid", userId);
  }

  /** Does what a person asked for on the billing page, and tells of it. */
  change(user: User, change: BillingChange): SubscriptionItem[] {
    const here = { userId: user.id, nowMs: this.#deps.clock.nowMs(), newId: () => newId("csubi") };
    const { touched, payment } = applyChange(this.itemsOf(user.id), change, here);
    this.#save(user, touched, payment);
    return this.itemsOf(user.id);
  }

  /** Stops waiting for periods to end; what ends meanwhile is made up for after the next start. */
  close(): void {
    for (const cancel of this.#wakes.values()) cancel();
  }

  #items(sql: string, ...params: string[]): SubscriptionItem[] {
    const rows = this.#deps.db.prepare(sql).all(...params);
    return rows.map((row) => JSON.parse(row["json"] as string) as SubscriptionItem);
  }

  #save(user: User, touched: SubscriptionItem[], payment: "paid" | "failed" | null): void {
    const { db, tell } = this.#deps;
    const payer = payerJson(user);
    db.exec("BEGIN IMMEDIATE");
    try {
      for (const item of touched) {
        db.prepare(
          "INSERT INTO subscriptionItems VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json",
        ).run(item.id, item.userId, JSON.stringify(item));
        tell(itemEvent(item), { ...itemJson(item), payer });
      }
      if (payment) tell("paymentAttempt.updated", paymentJson(newId("cpatt"), user, payment, touched));
      if (touched.length > 0) tell("subscription.updated", this.#subscriptionJson(user, payer));
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
    for (const item of touched) this.#arm(item);
  }

  #subscriptionJson(user: User, payer: object) {
    const items = this.itemsOf(user.id);
    const status = items.some((item) => item.status === "past_due") ? "past_due" : "active";
    return { object: "commerce_subscription", id: `csub_${user.id}`, status, payer, items: items.map(itemJson) };
  }

  #arm(item: SubscriptionItem): void {
    this.#wakes.get(item.id)?.();
    this.#wakes.delete(item.id);
    const turnMs = nextTurnMs(item);
    if (turnMs === null) return;
    this.#wakes.set(
      item.id,
      this.#deps.clock.at(turnMs, () => this.#turn(item)),
    );
  }

  #turn(item: SubscriptionItem): void {
    const user = this.#deps.directory.users().find(({ id }) => id === item.userId);
    if (!user) return void this.#deps.db.prepare("DELETE FROM subscriptionItems WHERE id = ?").run(item.id);
    const next = atPeriodEnd(item, this.#deps.clock.nowMs());
    if (next) this.#save(user, [next], next.status === "active" ? "paid" : null);
  }
}
