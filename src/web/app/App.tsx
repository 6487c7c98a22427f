import { ConvexReactClient, useConvexAuth } from "convex/react";
import { Tooltip } from "radix-ui";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { EmbeddedIdentity } from "../features/account/EmbeddedIdentity.tsx";
import { SignInPage } from "../features/account/SignInPage.tsx";
import { useWords } from "../words/words.ts";
import { Boundary } from "./Boundary.tsx";
import { ContactContext } from "./Contact.tsx";
import type { WebConfig } from "./config.ts";
import { Failure } from "./Failure.tsx";
import { Splash } from "./Splash.tsx";
import { sentenceOf } from "./sentences.ts";
import { SiteUrlContext } from "./siteUrl.ts";

// A build without a publishable key has no use for Clerk and carries none of it.
const ClerkIdentity = import.meta.env.VITE_CLERK_PUBLISHABLE_KEY
  ? lazy(() => import("../features/account/ClerkIdentity.tsx"))
  : null;
const Workspace = lazy(() => import("./Workspace.tsx"));

/** The whole app: who is there decides what is shown. */
export function App({ config }: { config: WebConfig }) {
  return (
    <ContactContext value={config.contact}>
      <Boundary fallback={(error) => <Failure sentence={sentenceOf(error)} />}>
        <Suspense fallback={<Splash />}>
          <IdentityProvider config={config}>
            <SiteUrlContext value={config.convexSiteUrl}>
              <Tooltip.Provider delayDuration={400}>
                <Entrance />
              </Tooltip.Provider>
            </SiteUrlContext>
          </IdentityProvider>
        </Suspense>
      </Boundary>
    </ContactContext>
  );
}

function IdentityProvider({ config, children }: { config: WebConfig; children: ReactNode }) {
  const { app } = useWords();
  const [client] = useState(() => new ConvexReactClient(config.convexUrl));
  if (ClerkIdentity) return <ClerkIdentity client={client}>{children}</ClerkIdentity>;
  if (!config.identityUrl) return <Failure sentence={app.noSignIn} />;
  return (
    <EmbeddedIdentity client={client} identityUrl={config.identityUrl}>
      {children}
    </EmbeddedIdentity>
  );
}

function Entrance() {
  const { isLoading, isAuthenticated } = useConvexAuth();
  if (isLoading) return <Splash />;
  return isAuthenticated ? <Workspace /> : <SignInPage />;
}
