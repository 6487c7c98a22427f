import { Bookmark, Trash2 } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { useWords } from "../../words/words.ts";
import { RemoveDialog } from "./RemoveDialog.tsx";
import { useKeeping, useRemoving } from "./useLibraryChanges.ts";
import type { Selection } from "./useSelection.ts";

/** What can be done with all that is selected. */
export function SelectionBar({ selection }: { selection: Selection }) {
  const { media } = useWords();
  const [asker, setAsker] = useState<Element | null>(null);
  const keep = useKeeping();
  const remove = useRemoving();
  const ids = selection.chosen.map(({ mediaId }) => mediaId);
  const hasSome = ids.length > 0;
  const removeNow = () => {
    selection.clear();
    void remove(ids);
  };
  return (
    <div
      role="group"
      aria-label={media.selection}
      className="appearing sticky bottom-3 z-20 mx-auto mt-6 flex w-fit max-w-full flex-wrap items-center justify-center gap-2 rounded-2xl border border-line bg-raised p-2 shadow-floating"
    >
      <span role="status" className="px-2 text-[14px] tabular-nums">
        {media.selected(ids.length)}
      </span>
      <Button small onClick={selection.selectAll}>
        {media.selectAll}
      </Button>
      <Button small disabled={!hasSome} onClick={() => void keep(ids)}>
        <Bookmark aria-hidden size={15} />
        {media.keep}
      </Button>
      <Button small disabled={!hasSome} onClick={({ currentTarget }) => setAsker(currentTarget)}>
        <Trash2 aria-hidden size={15} className="text-danger" />
        {media.remove}
      </Button>
      {asker && (
        <RemoveDialog count={ids.length} returnFocusTo={asker} onConfirm={removeNow} onClose={() => setAsker(null)} />
      )}
    </div>
  );
}
