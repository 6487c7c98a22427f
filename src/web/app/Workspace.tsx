import { useState } from "react";
import { Link, Redirect, Route, Switch } from "wouter";
import { AccountMenu } from "../features/account/AccountMenu.tsx";
import { useAccount } from "../features/account/useAccount.ts";
import { useThemeOf } from "../features/account/useSettings.ts";
import { Conversation } from "../features/messages/Conversation.tsx";
import { ThreadList } from "../features/threads/ThreadList.tsx";
import { NoticeProvider } from "../ui/Notices.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { Wordmark } from "../ui/Wordmark.tsx";
import type { Account } from "./api.ts";
import { Failure } from "./Failure.tsx";
import { conversationPattern, newThreadPath } from "./paths.ts";

/** Everything a signed-in person sees: the threads at the side, one conversation beside them. */
export default function Workspace() {
  const { account, problem } = useAccount();
  if (problem) return <Failure sentence={problem} />;
  if (!account) return null;
  return (
    <NoticeProvider>
      <Desk account={account} />
    </NoticeProvider>
  );
}

function Desk({ account }: { account: Account }) {
  const [drawerOpen, setDrawerOpen] = useState(false);
  useThemeOf(account);
  const openDrawer = () => setDrawerOpen(true);
  const closeDrawer = () => setDrawerOpen(false);
  return (
    <div className="flex h-full">
      <aside className="hidden w-[284px] shrink-0 border-r border-line md:block">
        <Sidebar account={account} />
      </aside>
      {drawerOpen && (
        <Sheet title="Your chats" onClose={closeDrawer}>
          <Sidebar account={account} onNavigate={closeDrawer} />
        </Sheet>
      )}
      <Switch>
        {/* One route for both addresses, so that a conversation stays on screen while its first message names it. */}
        <Route path={conversationPattern}>
          {({ threadId }) => <Conversation account={account} threadId={threadId ?? null} openDrawer={openDrawer} />}
        </Route>
        <Route>
          <Redirect to={newThreadPath} />
        </Route>
      </Switch>
    </div>
  );
}

interface SidebarProps {
  account: Account;
  /** Called when a thread is opened, so that a drawer can make way for it. */
  onNavigate?: () => void;
}

function Sidebar({ account, onNavigate }: SidebarProps) {
  return (
    <div className="flex h-full flex-col bg-sidebar">
      <div className="flex items-center justify-between px-5 pt-5 pb-3">
        <Link href={newThreadPath} onClick={onNavigate} className="rounded">
          <Wordmark className="text-[27px]" />
        </Link>
      </div>
      <ThreadList onNavigate={onNavigate} />
      <div className="border-t border-line p-2.5">
        <AccountMenu account={account} />
      </div>
    </div>
  );
}
