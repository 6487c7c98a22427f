import { ConvexProviderWithAuth, type ConvexReactClient } from "convex/react";
import { type ReactNode, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { EmbeddedSignInForm } from "./EmbeddedSignInForm.tsx";
import { EmbeddedSession } from "./embeddedSession.ts";
import { IdentityContext } from "./identity.ts";

/** Signs people in through the embedded home's own sign-in service, which asks for an address and no password. */
export function EmbeddedIdentity({ client, identityUrl, children }: EmbeddedIdentityProps) {
  const [session] = useState(() => new EmbeddedSession(identityUrl, browserDeps));
  useEffect(() => {
    window.addEventListener("storage", session.storageChanged);
    return () => window.removeEventListener("storage", session.storageChanged);
  }, [session]);

  const useAuth = useCallback(() => useSessionAuth(session), [session]);
  const identity = useMemo(
    () => ({
      SignInForm: () => <EmbeddedSignInForm signIn={(request) => session.signIn(request)} />,
      signOut: () => session.signOut(),
    }),
    [session],
  );
  return (
    <IdentityContext value={identity}>
      <ConvexProviderWithAuth client={client} useAuth={useAuth}>
        {children}
      </ConvexProviderWithAuth>
    </IdentityContext>
  );
}

interface EmbeddedIdentityProps {
  client: ConvexReactClient;
  identityUrl: string;
  children: ReactNode;
}

const browserDeps = {
  fetch: (url: string, init: RequestInit) => fetch(url, init),
  sleep: (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs)),
  storage: localStorage,
};

/** The session in the shape Convex asks for. A new secret means a new fetcher, which makes Convex start over. */
function useSessionAuth(session: EmbeddedSession) {
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
