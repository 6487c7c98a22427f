import clsx from "clsx";
import { type ReactNode, useEffect, useRef } from "react";
import { useNavigationType } from "react-router";
import { Contact } from "../app/Contact.tsx";
import { useTitle } from "./useTitle.ts";

interface PageProps {
  title: string;
  /** One sentence under the title. */
  lead?: ReactNode;
  /** What stands at the right of the title, such as a button. */
  aside?: ReactNode;
  /** For what needs room, such as a grid of pictures. */
  wide?: boolean;
  children: ReactNode;
}

/** A page beside the sidebar: its title, its content, and how to reach the operator. */
export function Page({ title, lead, aside, wide = false, children }: PageProps) {
  useTitle(title);
  const main = useArrivingFocus();
  return (
    <main
      ref={main}
      tabIndex={-1}
      className="scroll-quiet relative focus:outline-none flex min-h-0 flex-1 flex-col overflow-y-auto"
    >
      <div className={clsx("mx-auto w-full flex-1 px-4 pt-8 pb-10 sm:px-6 md:px-8", wide ? "max-w-6xl" : "max-w-3xl")}>
        <header>
          <div className="flex items-center justify-between gap-4">
            <h1 className="min-w-0 font-display text-[36px] leading-[1.1] tracking-[-0.015em] text-balance">{title}</h1>
            {aside}
          </div>
          {lead && <p className="mt-2 max-w-[60ch] text-pretty text-muted">{lead}</p>}
        </header>
        {children}
      </div>
      <footer className="px-6 pb-6 text-center text-[13px] text-muted">
        <Contact />
      </footer>
    </main>
  );
}

/**
 * Whoever came here by a command left a page that took their focus along: they find it again on the new one. A page
 * that was loaded begins at its top, as any page does.
 */
function useArrivingFocus() {
  const main = useRef<HTMLElement>(null);
  const isLoaded = useNavigationType() === "POP";
  useEffect(() => {
    if (!isLoaded && document.activeElement === document.body) main.current?.focus();
  }, [isLoaded]);
  return main;
}

/** A part of a page under a heading of its own. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="mt-10">
      <h2 className="mb-3 text-[17px] font-semibold">{title}</h2>
      {children}
    </section>
  );
}
