import { lazy, type ReactNode, Suspense, useState } from "react";
import { BrowserRouter } from "react-router";
import { useAccount } from "../features/account/useAccount.ts";
import { useLanguageOf, useThemeOf } from "../features/account/useSettings.ts";
import { LastWishes, LastWishesContext } from "../features/media/lastWishes.ts";
import { NoticeProvider } from "../ui/Notices.tsx";
import type { Account } from "./api.ts";
import { ConnectionNotice } from "./ConnectionNotice.tsx";
import { CommandProvider } from "./commands/Commands.tsx";
import { Failure } from "./Failure.tsx";
import { Pages } from "./Pages.tsx";
import { NarrowHeader, Sidebar } from "./Sidebar.tsx";
import { Splash } from "./Splash.tsx";
import { isRefusal, sentenceOf } from "./sentences.ts";
import { useAppCommands } from "./useAppCommands.tsx";

const ClosedAccount = lazy(() => import("../features/account/ClosedAccount.tsx"));
const ErasedAccount = lazy(() => import("../features/account/ErasedAccount.tsx"));

/** Everything a signed-in person sees. */
export default function Workspace() {
  return (
    <NoticeProvider>
      <BrowserRouter>
        <Suspense fallback={<Splash />}>
          <Standing />
        </Suspense>
      </BrowserRouter>
    </NoticeProvider>
  );
}

/** The chats and pages of whoever has an account; of one that is closed or being erased, what is left to do. */
function Standing() {
  const { account, refused } = useAccount();
  if (isRefusal(refused, "closing")) {
    return (
      <Alone>
        <ErasedAccount />
      </Alone>
    );
  }
  if (refused) return <Failure sentence={sentenceOf(refused)} />;
  if (!account) return <Splash />;
  if (account.erasesAt !== null) {
    return (
      <Alone>
        <ClosedAccount account={account} erasesAt={account.erasesAt} />
      </Alone>
    );
  }
  return (
    <CommandProvider>
      <Frame account={account} />
    </CommandProvider>
  );
}

/** One page and nothing beside it. */
function Alone({ children }: { children: ReactNode }) {
  return (
    <div className="flex h-full flex-col">
      <ConnectionNotice />
      {children}
    </div>
  );
}

function Frame({ account }: { account: Account }) {
  useThemeOf(account);
  useLanguageOf(account);
  useAppCommands(account);
  const [lastWishes] = useState(() => new LastWishes());
  return (
    <div className="flex h-full">
      <aside className="hidden w-[284px] shrink-0 border-r border-line md:block">
        <Sidebar account={account} />
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <ConnectionNotice />
        <NarrowHeader account={account} />
        <LastWishesContext value={lastWishes}>
          <Pages account={account} />
        </LastWishesContext>
      </div>
    </div>
  );
}
