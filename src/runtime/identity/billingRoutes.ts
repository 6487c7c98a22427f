/**
 * The billing stand-in's page, `/billing`, and the same for scripts: `POST /dev/billing { email, change }`. Anyone may
 * change anyone's plan, as anyone may sign in as anyone here.
 */
import { Hono } from "hono";
import { z } from "zod";
import { PLANS } from "../../shared/plans.ts";
import { TOP_UPS } from "../../shared/topUps.ts";
import { withLocalhost } from "../listen.ts";
import type { Billing } from "./billing.ts";
import { billingPage } from "./billingPage.ts";
import { notFound, readBody } from "./clerkErrors.ts";
import { ownPagesOnly } from "./demo.ts";
import type { Directory } from "./directory.ts";
import { PAGE_POLICY } from "./page.ts";
import { type BillingChange, itemJson } from "./subscriptions.ts";
import type { User } from "./users.ts";

const CHANGES = [...Object.keys(PLANS), ...Object.keys(TOP_UPS), "failPayment", "pay"];
const changeBody = z.object({ email: z.email().max(254), change: z.enum(CHANGES) });

export interface BillingRoutesDeps {
  directory: Directory;
  billing: Billing;
  /** Web origins whose pages may change plans. */
  allowedOrigins: readonly string[];
  ownUrl: () => string;
}

/** `POST /` of `/dev/billing`: changes a plan and answers the person's items. */
export function billingForScripts({ directory, billing, allowedOrigins }: Omit<BillingRoutesDeps, "ownUrl">): Hono {
  const routes = new Hono();
  routes.use(ownPagesOnly(allowedOrigins));
  routes.post("/", async (c) => {
    const { email, change } = await readBody(c, changeBody);
    return c.json({ items: billing.change(known(directory, email), change as BillingChange).map(itemJson) });
  });
  return routes;
}

/** The page, its form, and what the form does. */
export function billingPages({ directory, billing, ownUrl, allowedOrigins }: BillingRoutesDeps): Hono {
  const routes = new Hono();
  routes.use(async (c, next) => {
    await next();
    c.header("content-security-policy", PAGE_POLICY);
  });
  const shown = (email: string, note?: string) => {
    const user = email === "" ? null : directory.userByEmail(email);
    return billingPage({ appUrl: allowedOrigins[0] ?? "/", email, items: user ? billing.itemsOf(user.id) : [], note });
  };
  routes.get("/", (c) => c.html(shown(c.req.query("email") ?? "")));
  routes.post("/", async (c) => {
    const origin = c.req.header("origin") ?? ownUrl();
    if (!withLocalhost(ownUrl()).includes(origin)) return c.html(shown("", "That form came from another page."), 403);
    const form = changeBody.safeParse(await c.req.parseBody());
    if (!form.success) return c.html(shown("", "Please type the mail address of somebody who signed in."), 400);
    const { email, change } = form.data;
    const user = directory.userByEmail(email);
    if (!user) return c.html(shown(email, "Nobody has signed in with that mail address."), 404);
    billing.change(user, change as BillingChange);
    return c.html(shown(email, "Done. The app hears of it in a moment."));
  });
  return routes;
}

function known(directory: Directory, email: string): User {
  const user = directory.userByEmail(email);
  if (!user) throw notFound("user", email);
  return user;
}
