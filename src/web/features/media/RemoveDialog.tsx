import { ConfirmDialog } from "../../ui/Dialog.tsx";
import { useWords } from "../../words/words.ts";

interface RemoveDialogProps {
  /** How many go. */
  count: number;
  returnFocusTo: Element | null;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before media are deleted, which cannot be taken back. */
export function RemoveDialog({ count, ...rest }: RemoveDialogProps) {
  const { media } = useWords();
  return (
    <ConfirmDialog title={media.removeTitle(count)} confirmLabel={media.remove} {...rest}>
      {media.removeLead(count)}
    </ConfirmDialog>
  );
}
