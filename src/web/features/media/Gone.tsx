import { Dialog } from "../../ui/Dialog.tsx";
import { useWords } from "../../words/words.ts";

/** Says that what an address names is not there. */
export function Gone({ onClose }: { onClose: () => void }) {
  const { media } = useWords();
  return (
    <Dialog title={media.viewer} onClose={onClose} returnFocusTo={null}>
      <p role="alert" className="text-[15px] text-muted">
        {media.gone}
      </p>
    </Dialog>
  );
}
