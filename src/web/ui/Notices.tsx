import { X } from "lucide-react";
import { Toast } from "radix-ui";
import { createContext, type ReactNode, use, useCallback, useState } from "react";
import { useWords } from "../words/words.ts";

/** What can be done about what a notice says, for as long as it is shown. */
export interface NoticeAction {
  label: string;
  run: () => void;
  shownMs: number;
}

type Notify = (sentence: string, action?: NoticeAction) => void;

const NoticeContext = createContext<Notify>(() => undefined);

/** Shows a sentence in the corner for a few seconds: for what has no place of its own on the page. */
export function useNotice(): Notify {
  return use(NoticeContext);
}

export function NoticeProvider({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<{ id: number; sentence: string; action?: NoticeAction }[]>([]);
  const { app } = useWords();
  const notify: Notify = useCallback(
    (sentence, action) => setNotices((shown) => [...shown, { id: (shown.at(-1)?.id ?? 0) + 1, sentence, action }]),
    [],
  );
  const dismiss = (id: number) => setNotices((shown) => shown.filter((notice) => notice.id !== id));
  return (
    <NoticeContext value={notify}>
      <Toast.Provider duration={7_000} label={app.notices}>
        {children}
        {notices.map(({ id, sentence, action }) => (
          <Toast.Root
            key={id}
            duration={action?.shownMs}
            onOpenChange={(open) => !open && dismiss(id)}
            className="appearing flex items-start gap-3 rounded-xl bg-ink py-3 pr-2 pl-4 text-[14.5px] text-canvas shadow-floating"
          >
            <Toast.Description className="min-w-0 flex-1 py-0.5">{sentence}</Toast.Description>
            {action && (
              <Toast.Action
                altText={action.label}
                onClick={action.run}
                className="rounded-md px-2 py-0.5 font-semibold underline underline-offset-4 hover:no-underline"
              >
                {action.label}
              </Toast.Action>
            )}
            <Toast.Close
              aria-label={app.dismiss}
              className="grid size-7 place-items-center rounded-md opacity-70 hover:opacity-100"
            >
              <X aria-hidden size={16} />
            </Toast.Close>
          </Toast.Root>
        ))}
        <Toast.Viewport className="fixed right-4 bottom-4 z-50 grid w-[min(380px,calc(100vw-32px))] gap-2" />
      </Toast.Provider>
    </NoticeContext>
  );
}
