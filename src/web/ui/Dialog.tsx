import { AlertDialog as RadixAlertDialog, Dialog as RadixDialog } from "radix-ui";
import type { ReactNode } from "react";
import { useWords } from "../words/words.ts";
import { Button } from "./Button.tsx";
import { focusOn } from "./focus.ts";

// The backdrop is an element of ours, not Radix's Overlay, which would add an inline style sheet to lock scrolling.
// The page itself never scrolls, so a content security policy that allows no inline style sheet costs nothing.
const backdrop = "fixed inset-0 z-40 bg-shade backdrop-blur-[2px]";
const panel =
  "appearing fixed top-1/2 left-1/2 z-50 grid w-[calc(100vw-32px)] max-w-[420px] -translate-x-1/2 -translate-y-1/2 gap-4 " +
  "rounded-2xl border border-line bg-raised p-6 shadow-floating focus:outline-none";

interface DialogProps {
  title: string;
  onClose: () => void;
  /** Where the focus goes afterwards. A dialog opened from a menu needs it, since the menu's item is gone by then. */
  returnFocusTo: Element | null;
  children: ReactNode;
}

/** A small window above the page for one thing to fill in. Escape and a press outside close it. */
export function Dialog({ title, onClose, returnFocusTo, children }: DialogProps) {
  return (
    <RadixDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <RadixDialog.Portal>
        <div aria-hidden className={backdrop} />
        <RadixDialog.Content
          aria-modal
          aria-describedby={undefined}
          onCloseAutoFocus={returningTo(returnFocusTo)}
          className={panel}
        >
          <RadixDialog.Title className="text-[18px] font-semibold">{title}</RadixDialog.Title>
          {children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

interface ConfirmDialogProps extends DialogProps {
  /** What the confirming button says: a verb, never "OK". */
  confirmLabel: string;
  onConfirm: () => void;
}

/** Asks before something that cannot be taken back. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, confirmLabel, onConfirm, onClose, returnFocusTo, children } = props;
  const { app } = useWords();
  return (
    <RadixAlertDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <RadixAlertDialog.Portal>
        <div aria-hidden className={backdrop} />
        <RadixAlertDialog.Content aria-modal onCloseAutoFocus={returningTo(returnFocusTo)} className={panel}>
          <RadixAlertDialog.Title className="text-[18px] font-semibold">{title}</RadixAlertDialog.Title>
          <RadixAlertDialog.Description className="text-[15px] text-muted">{children}</RadixAlertDialog.Description>
          <div className="mt-2 flex justify-end gap-2">
            <RadixAlertDialog.Cancel asChild>
              <Button>{app.keep}</Button>
            </RadixAlertDialog.Cancel>
            <RadixAlertDialog.Action asChild>
              <Button kind="danger" onClick={onConfirm}>
                {confirmLabel}
              </Button>
            </RadixAlertDialog.Action>
          </div>
        </RadixAlertDialog.Content>
      </RadixAlertDialog.Portal>
    </RadixAlertDialog.Root>
  );
}

function returningTo(element: Element | null): (event: Event) => void {
  return (event) => {
    event.preventDefault();
    focusOn(element);
  };
}
