/** What `npm run dev:convex` needs to know, from `.env.local` and the environment. Pure. */
import type { WebConfig } from "../../src/web/app/config.ts";

/** What the page fetches as `/config.json`, or what is missing for it, as sentences that say what to do. */
export function pageSettings(values: Readonly<Record<string, string | undefined>>): WebConfig | { missing: string[] } {
  const { VITE_CONVEX_URL: convexUrl, VITE_CLERK_PUBLISHABLE_KEY: clerkKey } = values;
  const contact = values["PRIVACY_EMAIL"] ?? "privacy@localhost";
  const missing: string[] = [];
  if (!convexUrl)
    missing.push("No Convex deployment: `npx convex dev --once --configure` makes one known to .env.local.");
  if (!clerkKey) missing.push("No sign-in: put VITE_CLERK_PUBLISHABLE_KEY of the Clerk application into .env.local.");
  if (!convexUrl || !clerkKey) return { missing };
  return { convexUrl, convexSiteUrl: values["VITE_CONVEX_SITE_URL"] ?? siteUrlOf(convexUrl), contact };
}

/** Where a deployment of Convex Cloud answers its HTTP routes, for a CLI that does not write it down. */
function siteUrlOf(convexUrl: string): string {
  return convexUrl.replace(/\.convex\.cloud$/, ".convex.site");
}
