/** What `npm run dev:convex` needs to know, from `.env.local` and the environment. Pure. */
import type { WebConfig } from "../../src/web/app/config.ts";

/** What the page fetches as `/config.json`, or what is missing for it, as sentences that say what to do. */
export function pageSettings(values: Readonly<Record<string, string | undefined>>): WebConfig | { missing: string[] } {
  const { VITE_CONVEX_URL: convexUrl, VITE_CLERK_PUBLISHABLE_KEY: clerkKey, PRIVACY_EMAIL: contact } = values;
  const missing: string[] = [];
  if (!convexUrl)
    missing.push("No Convex deployment: `npx convex dev --once --configure` makes one known to .env.local.");
  if (!clerkKey) missing.push("No sign-in: put VITE_CLERK_PUBLISHABLE_KEY of the Clerk application into .env.local.");
  return convexUrl && clerkKey ? { convexUrl, contact: contact ?? "privacy@localhost" } : { missing };
}
