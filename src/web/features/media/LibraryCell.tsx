import clsx from "clsx";
import { Check } from "lucide-react";
import { Checkbox } from "radix-ui";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { EXPIRY_NOTICE_MS } from "../../../policy/retention.ts";
import { mediaPath } from "../../app/paths.ts";
import { useWords } from "../../words/words.ts";
import { daysLeft } from "../threads/groups.ts";
import { titleOf } from "./MediumDetails.tsx";
import type { LibraryMedium } from "./optimism.ts";
import { Thumbnail } from "./Thumbnail.tsx";
import type { Selection } from "./useSelection.ts";

interface LibraryCellProps {
  medium: LibraryMedium;
  selection: Selection;
  nowMs: number;
}

const frame = "relative block aspect-square w-full overflow-hidden rounded-xl border border-line";

/** One medium of the grid: a way to open it or, while selecting, to select it. */
export function LibraryCell({ medium, selection, nowMs }: LibraryCellProps) {
  const { mediaId } = medium;
  const isChosen = selection.has(mediaId);
  const content = <Content medium={medium} nowMs={nowMs} />;
  return (
    <div role="listitem">
      {selection.isOn ? (
        <Checkbox.Root
          checked={isChosen}
          onCheckedChange={() => selection.toggle(mediaId)}
          className={clsx(frame, isChosen && "outline-3 -outline-offset-3 outline-accent")}
        >
          {content}
          <Tick shown={isChosen} />
        </Checkbox.Root>
      ) : (
        <Link to={mediaPath(mediaId)} data-media-id={mediaId} className={frame}>
          {content}
        </Link>
      )}
    </div>
  );
}

function Tick({ shown }: { shown: boolean }): ReactNode {
  return (
    <span
      className={clsx(
        "absolute top-2 right-2 grid size-6 place-items-center rounded-full border-2",
        shown ? "border-accent bg-accent text-on-accent" : "border-white bg-black/40",
      )}
    >
      {shown && <Check aria-hidden size={14} strokeWidth={3} />}
    </span>
  );
}

function Content({ medium, nowMs }: Pick<LibraryCellProps, "medium" | "nowMs">) {
  const { media } = useWords();
  const { mediaId, kind, thumbnail, thumbnailUrl, deletesAt: deletesAtMs } = medium;
  const title = titleOf(medium) ?? media.unnamed;
  const left = daysLeft(deletesAtMs, { nowMs, noticeMs: EXPIRY_NOTICE_MS });
  return (
    <>
      <Thumbnail mediaId={mediaId} kind={kind} url={thumbnailUrl} alt={title} due={thumbnail === "due"} />
      {kind !== "image" && kind !== "video" && (
        <span aria-hidden className="absolute inset-x-2 bottom-2 truncate text-center text-[12.5px] text-muted">
          {title}
        </span>
      )}
      {left !== null && (
        <span className="absolute bottom-2 left-2 rounded-md bg-danger-tint px-1.5 py-0.5 text-[12px] font-medium text-danger">
          {media.daysLeft(left)}
        </span>
      )}
    </>
  );
}
