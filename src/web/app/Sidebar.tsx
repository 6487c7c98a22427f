import { Command, Menu as MenuIcon, SquarePen } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { AccountMenu } from "../features/account/AccountMenu.tsx";
import { ThreadList } from "../features/threads/ThreadList.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { Wordmark } from "../ui/Wordmark.tsx";
import { useWords } from "../words/words.ts";
import type { Account } from "./api.ts";
import { useOpenCommands } from "./commands/Commands.tsx";
import { MakingLinks, SkipLink, StandingLinks } from "./Navigation.tsx";
import { newThreadPath } from "./paths.ts";

interface SidebarProps {
  account: Account;
  /** Called when a page is opened, so that a drawer can make way for it. */
  onNavigate?: () => void;
}

/** The chats, the other pages, and the person they belong to. */
export function Sidebar({ account, onNavigate }: SidebarProps) {
  return (
    <div className="relative flex h-full flex-col bg-sidebar">
      <SkipLink />
      <div className="flex items-center justify-between pt-4 pr-2.5 pb-2.5 pl-5">
        <Link to={newThreadPath} onClick={onNavigate} className="rounded">
          <Wordmark className="text-[27px]" />
        </Link>
        <CommandButton onNavigate={onNavigate} />
      </div>
      <div className="grid gap-1.5 px-2.5 pb-2">
        <NewThreadLink onNavigate={onNavigate} />
        <MakingLinks onNavigate={onNavigate} />
      </div>
      <ThreadList onNavigate={onNavigate} />
      <div className="grid gap-1 border-t border-line p-2.5">
        <StandingLinks account={account} onNavigate={onNavigate} />
        <AccountMenu account={account} />
      </div>
    </div>
  );
}

function CommandButton({ onNavigate }: Pick<SidebarProps, "onNavigate">) {
  const { commands } = useWords();
  const open = useOpenCommands();
  const onClick = () => {
    onNavigate?.();
    open("menu");
  };
  return (
    <IconButton label={commands.menu} onClick={onClick} className="size-9">
      <Command aria-hidden size={17} />
    </IconButton>
  );
}

function NewThreadLink({ onNavigate }: Pick<SidebarProps, "onNavigate">) {
  const { threads } = useWords();
  return (
    <Link
      to={newThreadPath}
      onClick={onNavigate}
      className="flex h-10 items-center gap-2.5 rounded-[10px] border border-line bg-raised px-3 text-[14.5px] font-medium hover:bg-hover"
    >
      <SquarePen aria-hidden size={16} className="text-accent" />
      {threads.newThread}
    </Link>
  );
}

/** On narrow screens, the way to the sidebar and to a new thread. */
export function NarrowHeader({ account }: { account: Account }) {
  const { app, threads } = useWords();
  const [open, setOpen] = useState(false);
  const opener = (
    <IconButton label={app.sidebar} className="size-10">
      <MenuIcon aria-hidden size={20} />
    </IconButton>
  );
  return (
    <header className="flex items-center justify-between border-b border-line px-2 py-1.5 md:hidden">
      <Sheet title={app.sidebar} trigger={opener} open={open} onOpenChange={setOpen}>
        <Sidebar account={account} onNavigate={() => setOpen(false)} />
      </Sheet>
      <Wordmark className="text-[23px]" />
      <Link
        to={newThreadPath}
        aria-label={threads.newThread}
        className="grid size-10 place-items-center rounded-lg text-muted hover:bg-hover hover:text-ink"
      >
        <SquarePen aria-hidden size={19} />
      </Link>
    </header>
  );
}
