import { Dialog } from "radix-ui";
import type { ReactNode } from "react";

interface SheetProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A drawer over the left of the page, for what narrow screens have no room to keep open. */
export function Sheet({ title, onClose, children }: SheetProps) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <div aria-hidden className="fixed inset-0 z-30 bg-[oklch(0.15_0.01_170/0.45)]" />
        <Dialog.Content
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
