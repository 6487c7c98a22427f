import { type ComponentType, createContext, use } from "react";

/** What the rest of the app knows of whoever signs people in, be it Clerk or the embedded service. */
export interface Identity {
  /** Asks a person to sign in. */
  SignInForm: ComponentType;
  /** Whether the service ended the session that was here, rather than the person. Clerk's form says so itself. */
  sessionEnded: boolean;
  /** A fresh token for requests that do not go through Convex's client; null for nobody. */
  token: () => Promise<string | null>;
  /** Ends the session in this browser, and with it what was written and not sent. */
  signOut: () => Promise<void>;
  /** Shows where a person changes their plan. */
  openBilling: (email: string | undefined) => void;
}

export const IdentityContext = createContext<Identity | null>(null);

export function useIdentity(): Identity {
  const identity = use(IdentityContext);
  if (!identity) throw new Error("useIdentity needs an identity provider above it");
  return identity;
}
