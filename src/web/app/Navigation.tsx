import { Coins, Gauge, Images, Shield, Sparkles } from "lucide-react";
import type { ReactNode } from "react";
import { NavLink } from "react-router";
import { focusOn } from "../ui/focus.ts";
import { useWords } from "../words/words.ts";
import type { Account } from "./api.ts";
import { createPath, libraryPath, operatorPath, privacyPath, usagePath } from "./paths.ts";

interface NavigationProps {
  onNavigate?: () => void;
}

/** Lets whoever goes by keyboard pass over the chats and pages. Seen when it has the focus. */
export function SkipLink() {
  const { app } = useWords();
  return (
    <button
      type="button"
      onClick={() => focusOn(null)}
      className="sr-only z-50 rounded-[10px] bg-ink px-4 py-2 text-[14.5px] text-canvas focus:not-sr-only focus:absolute focus:top-3 focus:left-3"
    >
      {app.skipToContent}
    </button>
  );
}

/** The ways to what a person makes beside chats. */
export function MakingLinks({ onNavigate }: NavigationProps) {
  const { app, media } = useWords();
  return (
    <nav aria-label={app.make} className="grid gap-0.5">
      <PageLink to={createPath} icon={<Sparkles aria-hidden size={16} />} onNavigate={onNavigate}>
        {media.createTitle}
      </PageLink>
      <PageLink to={libraryPath} icon={<Images aria-hidden size={16} />} onNavigate={onNavigate}>
        {media.libraryTitle}
      </PageLink>
    </nav>
  );
}

/** The ways to how a person stands: their credits and their rights. */
export function StandingLinks({ account, onNavigate }: NavigationProps & { account: Account }) {
  const { app, formats, operator, privacy, usage } = useWords();
  const { balance, held } = account.credits;
  return (
    <nav aria-label={app.standing} className="grid gap-0.5">
      <PageLink to={usagePath} icon={<Coins aria-hidden size={16} />} onNavigate={onNavigate}>
        <span className="min-w-0 flex-1 truncate">{usage.link}</span>
        <span className="text-[13px] text-muted tabular-nums">
          {formats.number(balance - held)}
          <span className="sr-only"> {usage.creditsLeft}</span>
        </span>
      </PageLink>
      <PageLink to={privacyPath} icon={<Shield aria-hidden size={16} />} onNavigate={onNavigate}>
        {privacy.title}
      </PageLink>
      {account.operator && (
        <PageLink to={operatorPath} icon={<Gauge aria-hidden size={16} />} onNavigate={onNavigate}>
          {operator.title}
        </PageLink>
      )}
    </nav>
  );
}

interface PageLinkProps extends NavigationProps {
  to: string;
  icon: ReactNode;
  children: ReactNode;
}

function PageLink({ to, icon, onNavigate, children }: PageLinkProps) {
  return (
    <NavLink
      to={to}
      onClick={onNavigate}
      className="flex h-9 items-center gap-2.5 rounded-[10px] px-3 text-[14.5px] hover:bg-hover aria-[current=page]:bg-tint"
    >
      <span className="grid size-4 shrink-0 place-items-center text-muted">{icon}</span>
      {children}
    </NavLink>
  );
}
