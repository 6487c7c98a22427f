import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { ClosedAccount } from "../features/account/ClosedAccount.tsx";
import { useAccount } from "../features/account/useAccount.ts";
import { useThemeOf } from "../features/account/useSettings.ts";
import { Conversation } from "../features/messages/Conversation.tsx";
import { NoticeProvider } from "../ui/Notices.tsx";
import type { Account } from "./api.ts";
import { ConnectionNotice } from "./ConnectionNotice.tsx";
import { Failure } from "./Failure.tsx";
import { conversationPattern, newThreadPath, usagePath } from "./paths.ts";
import { NarrowHeader, Sidebar } from "./Sidebar.tsx";
import { Splash } from "./Splash.tsx";

const UsagePage = lazy(() => import("../features/usage/UsagePage.tsx"));

/** Everything a signed-in person sees: the threads at the side, one conversation beside them. */
export default function Workspace() {
  const { account, problem } = useAccount();
  if (problem) return <Failure sentence={problem} />;
  if (!account) return <Splash />;
  if (account.erasesAt !== null) return <ClosedAccount erasesAt={account.erasesAt} />;
  return (
    <NoticeProvider>
      <Pages account={account} />
    </NoticeProvider>
  );
}

function Pages({ account }: { account: Account }) {
  useThemeOf(account);
  return (
    <div className="flex h-full">
      <aside className="hidden w-[284px] shrink-0 border-r border-line md:block">
        <Sidebar account={account} />
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <ConnectionNotice />
        <NarrowHeader account={account} />
        <Switch>
          {/* One route for both addresses, so that a conversation stays on screen while its first message names it. */}
          <Route path={conversationPattern}>
            {({ threadId }) => <Conversation account={account} threadId={threadId ?? null} />}
          </Route>
          <Route path={usagePath}>
            <Suspense fallback={<Splash />}>
              <UsagePage account={account} />
            </Suspense>
          </Route>
          <Route>
            <Redirect to={newThreadPath} />
          </Route>
        </Switch>
      </div>
    </div>
  );
}
