import { ClerkProvider, SignIn, useAuth, useClerk } from "@clerk/react";
import type { ConvexReactClient } from "convex/react";
import { ConvexProviderWithClerk } from "convex/react-clerk";
import { type ReactNode, useMemo } from "react";
import { forgetDrafts } from "../messages/drafts.ts";
import { IdentityContext } from "./identity.ts";

/** Signs people in through Clerk. Loaded only by builds that were given a publishable key. */
export default function ClerkIdentity({ client, children }: { client: ConvexReactClient; children: ReactNode }) {
  return (
    <ClerkProvider publishableKey={import.meta.env.VITE_CLERK_PUBLISHABLE_KEY} afterSignOutUrl="/">
      {/* oxlint-disable-next-line react/hooks -- Convex takes the hook as a property, and calls it as a hook. */}
      <ConvexProviderWithClerk client={client} useAuth={useAuth}>
        <ClerkIdentityContext>{children}</ClerkIdentityContext>
      </ConvexProviderWithClerk>
    </ClerkProvider>
  );
}

function ClerkIdentityContext({ children }: { children: ReactNode }) {
  const clerk = useClerk();
  const identity = useMemo(
    () => ({
      SignInForm: ClerkSignInForm,
      sessionEnded: false,
      token: async () => (await clerk.session?.getToken({ template: "convex" })) ?? null,
      signOut: () => {
        forgetDrafts(localStorage);
        return clerk.signOut();
      },
      openBilling: () => clerk.openUserProfile(),
    }),
    [clerk],
  );
  return <IdentityContext value={identity}>{children}</IdentityContext>;
}

function ClerkSignInForm() {
  return <SignIn routing="hash" />;
}
