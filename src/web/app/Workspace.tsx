import { BrowserRouter } from "react-router";
import { ClosedAccount } from "../features/account/ClosedAccount.tsx";
import { useAccount } from "../features/account/useAccount.ts";
import { useLanguageOf, useThemeOf } from "../features/account/useSettings.ts";
import { NoticeProvider } from "../ui/Notices.tsx";
import type { Account } from "./api.ts";
import { ConnectionNotice } from "./ConnectionNotice.tsx";
import { CommandProvider } from "./commands/Commands.tsx";
import { Failure } from "./Failure.tsx";
import { Pages } from "./Pages.tsx";
import { NarrowHeader, Sidebar } from "./Sidebar.tsx";
import { Splash } from "./Splash.tsx";
import { useAppCommands } from "./useAppCommands.tsx";

/** Everything a signed-in person sees: the chats and pages at the side, one of them beside it. */
export default function Workspace() {
  const { account, problem } = useAccount();
  if (problem) return <Failure sentence={problem} />;
  if (!account) return <Splash />;
  if (account.erasesAt !== null) return <ClosedAccount erasesAt={account.erasesAt} />;
  return (
    <NoticeProvider>
      <BrowserRouter>
        <CommandProvider>
          <Frame account={account} />
        </CommandProvider>
      </BrowserRouter>
    </NoticeProvider>
  );
}

function Frame({ account }: { account: Account }) {
  useThemeOf(account);
  useLanguageOf(account);
  useAppCommands(account);
  return (
    <div className="flex h-full">
      <aside className="hidden w-[284px] shrink-0 border-r border-line md:block">
        <Sidebar account={account} />
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <ConnectionNotice />
        <NarrowHeader account={account} />
        <Pages account={account} />
      </div>
    </div>
  );
}
