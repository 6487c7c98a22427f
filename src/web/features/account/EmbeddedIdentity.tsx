import { ConvexProviderWithAuth, type ConvexReactClient } from "convex/react";
import { createContext, type ReactNode, use, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { forgetDrafts } from "../messages/drafts.ts";
import { EmbeddedSignInForm } from "./EmbeddedSignInForm.tsx";
import { EmbeddedSession } from "./embeddedSession.ts";
import { IdentityContext } from "./identity.ts";

interface EmbeddedIdentityProps {
  client: ConvexReactClient;
  identityUrl: string;
  children: ReactNode;
}

/** Signs people in through the embedded home's own sign-in service, which asks for an address and no password. */
export function EmbeddedIdentity({ client, identityUrl, children }: EmbeddedIdentityProps) {
  const [session] = useState(() => new EmbeddedSession(identityUrl, browserDeps));
  useEffect(() => {
    window.addEventListener("storage", session.storageChanged);
    return () => window.removeEventListener("storage", session.storageChanged);
  }, [session]);

  const sessionEnded = useSyncExternalStore(session.subscribe, session.ended);
  const identity = useMemo(
    () => ({
      SignInForm,
      sessionEnded,
      token: () => session.token(),
      signOut: () => {
        forgetDrafts(localStorage);
        return session.signOut();
      },
      openBilling: (email = "") => window.location.assign(`${identityUrl}/billing?${new URLSearchParams({ email })}`),
    }),
    [session, sessionEnded, identityUrl],
  );
  return (
    <SessionContext value={session}>
      <IdentityContext value={identity}>
        {/* oxlint-disable-next-line react/hooks -- Convex takes the hook as a property, and calls it as a hook. */}
        <ConvexProviderWithAuth client={client} useAuth={useSessionAuth}>
          {children}
        </ConvexProviderWithAuth>
      </IdentityContext>
    </SessionContext>
  );
}

const browserDeps = {
  fetch: (url: string, init: RequestInit) => fetch(url, init),
  sleep: (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs)),
  storage: localStorage,
};

const SessionContext = createContext<EmbeddedSession | null>(null);

function useSession(): EmbeddedSession {
  const session = use(SessionContext);
  if (!session) throw new Error("useSession needs EmbeddedIdentity above it");
  return session;
}

/** The session in the shape Convex asks for. A new secret means a new fetcher, which makes Convex start over. */
function useSessionAuth() {
  const session = useSession();
  const secret = useSyncExternalStore(session.subscribe, session.secret);
  return useMemo(
    () => ({
      isLoading: false,
      isAuthenticated: secret !== null,
      fetchAccessToken: () => session.token(),
    }),
    [session, secret],
  );
}

function SignInForm() {
  const session = useSession();
  return <EmbeddedSignInForm signIn={(request) => session.signIn(request)} />;
}
