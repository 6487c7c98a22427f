/** What `npm run dev:convex` cannot do without. Pure. */

const NEEDED = {
  VITE_CONVEX_URL:
    "No Convex deployment: `npx convex dev --once --configure` makes or chooses one and writes its address into .env.local.",
  VITE_CLERK_PUBLISHABLE_KEY: "No sign-in: put VITE_CLERK_PUBLISHABLE_KEY of the Clerk application into .env.local.",
};

/** A sentence for each variable that is missing, saying what to do. */
export function missingSettings(values: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(NEEDED).flatMap(([name, sentence]) => (values[name] ? [] : [sentence]));
}
