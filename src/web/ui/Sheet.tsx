import { Dialog } from "radix-ui";
import type { ReactNode } from "react";

interface SheetProps {
  title: string;
  /** The button that opens it, and gets the focus back afterwards. */
  trigger: ReactNode;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  children: ReactNode;
}

/** A drawer over the left of the page, for what narrow screens have no room to keep open. */
export function Sheet({ title, trigger, open, onOpenChange, children }: SheetProps) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Trigger asChild>{trigger}</Dialog.Trigger>
      <Dialog.Portal>
        <div aria-hidden className="fixed inset-0 z-30 bg-shade" />
        <Dialog.Content
          aria-modal
          aria-describedby={undefined}
          className="sliding fixed inset-y-0 left-0 z-40 w-[min(304px,calc(100vw-48px))] shadow-floating focus:outline-none"
        >
          <Dialog.Title className="sr-only">{title}</Dialog.Title>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
