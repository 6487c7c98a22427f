import { useQuery } from "convex/react";
import { Bookmark, ChevronLeft, ChevronRight, Copy, Download, PencilLine, Trash2, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { type KeyboardEvent, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { api } from "../../app/api.ts";
import { createPath } from "../../app/paths.ts";
import { Splash } from "../../app/Splash.tsx";
import { focusOn } from "../../ui/focus.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { useWords } from "../../words/words.ts";
import { MediumDetails, titleOf } from "./MediumDetails.tsx";
import { MediumStage } from "./MediumStage.tsx";
import type { LibraryMedium } from "./optimism.ts";
import { RemoveDialog } from "./RemoveDialog.tsx";
import { useDownload } from "./useDownload.ts";
import { useKeeping, useRemoving } from "./useLibraryChanges.ts";
import { type Order, useAnother } from "./useOrder.ts";
import { deedOf, type ViewerDeed } from "./viewerKeys.ts";

interface ViewerProps {
  mediaId: string;
  /** The medium, where the grid has it: another one is asked for by itself. */
  listed: LibraryMedium | undefined;
  readOnly: boolean;
  onEarlier?: (() => void) | undefined;
  onLater?: (() => void) | undefined;
  onClose: () => void;
}

/** One medium over the whole page, with what is known of it and what can be done with it. Every deed has a key. */
export function Viewer(props: ViewerProps) {
  const { mediaId, listed, readOnly, onEarlier, onLater, onClose } = props;
  const { media } = useWords();
  const asked = useQuery(api.media.medium, listed ? "skip" : { mediaId });
  const medium = listed ?? asked;
  const content = useRef<HTMLDivElement>(null);
  const [asker, setAsker] = useState<Element | null>(null);
  const askToRemove = () => setAsker(content.current);
  const remove = useRemoving();
  const { download, status } = useDownload(medium);
  const deeds: Partial<Record<ViewerDeed, (() => void) | undefined>> = {
    earlier: onEarlier,
    later: onLater,
    play: () => playOrPause(content.current),
    download,
    remove: readOnly ? undefined : askToRemove,
    close: onClose,
  };
  const keyDown = (event: KeyboardEvent) => {
    const deed = deedOf(event);
    if (!deed) return;
    event.preventDefault();
    deeds[deed]?.();
  };
  const removeNow = () => {
    (onLater ?? onEarlier ?? onClose)();
    void remove([mediaId]);
  };
  return (
    <>
      <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
        <Dialog.Portal>
          <Dialog.Content
            ref={content}
            aria-modal
            aria-describedby={undefined}
            onKeyDown={keyDown}
            // Left to the keys above, since a notice that is shown would take the first press for itself; but where what
            // had the focus has gone, those do not hear it.
            onEscapeKeyDown={(event) => {
              event.preventDefault();
              if (!content.current?.contains(event.target as Node)) onClose();
            }}
            onOpenAutoFocus={(event) => {
              event.preventDefault();
              content.current?.focus();
            }}
            onCloseAutoFocus={(event) => {
              event.preventDefault();
              focusOn(document.querySelector(`[data-media-id="${CSS.escape(mediaId)}"]`));
            }}
            className="fixed inset-0 z-30 flex flex-col bg-canvas focus:outline-none"
          >
            <Dialog.Title className="sr-only">
              {medium ? (titleOf(medium) ?? media.unnamed) : media.viewer}
            </Dialog.Title>
            <p role="status" className="sr-only">
              {status}
            </p>
            <div className="flex items-center gap-1 px-2 py-2">
              <IconButton label={media.close} onClick={onClose} className="size-10">
                <X aria-hidden size={19} />
              </IconButton>
              <span className="min-w-0 flex-1 truncate px-2 text-[13.5px] text-muted">{status}</span>
              {medium && <Deeds medium={medium} readOnly={readOnly} onDownload={download} onRemove={askToRemove} />}
            </div>
            {medium ? <Shown medium={medium} onEarlier={onEarlier} onLater={onLater} /> : <Splash />}
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
      {asker && <RemoveDialog count={1} returnFocusTo={asker} onConfirm={removeNow} onClose={() => setAsker(null)} />}
    </>
  );
}

function Shown({ medium, onEarlier, onLater }: { medium: LibraryMedium } & Pick<ViewerProps, "onEarlier" | "onLater">) {
  const { media } = useWords();
  return (
    <div className="scroll-quiet grid min-h-0 flex-1 overflow-y-auto lg:grid-cols-[minmax(0,1fr)_320px] lg:grid-rows-[minmax(0,1fr)] lg:overflow-hidden">
      <div className="relative grid min-h-[55dvh] min-w-0 place-items-center px-2 pb-2 sm:px-14 lg:min-h-0 lg:grid-rows-[minmax(0,1fr)]">
        <MediumStage key={medium.mediaId} medium={medium} label={titleOf(medium) ?? media.unnamed} />
        <StepButton side="left" label={media.earlier} onStep={onEarlier} />
        <StepButton side="right" label={media.later} onStep={onLater} />
      </div>
      <section
        aria-label={media.details}
        className="scroll-quiet border-line px-5 py-4 max-lg:border-t lg:overflow-y-auto lg:border-l"
      >
        <MediumDetails medium={medium} />
      </section>
    </div>
  );
}

function StepButton({
  side,
  label,
  onStep,
}: {
  side: "left" | "right";
  label: string;
  onStep?: (() => void) | undefined;
}) {
  const Sign = side === "left" ? ChevronLeft : ChevronRight;
  const place = side === "left" ? "left-2" : "right-2";
  return (
    <IconButton
      label={label}
      disabled={!onStep}
      onClick={onStep}
      className={`absolute top-1/2 size-11 -translate-y-1/2 bg-raised/85 ${place}`}
    >
      <Sign aria-hidden size={22} />
    </IconButton>
  );
}

interface DeedsProps {
  medium: LibraryMedium;
  readOnly: boolean;
  onDownload: () => void;
  onRemove: () => void;
}

function Deeds({ medium, readOnly, onDownload, onRemove }: DeedsProps) {
  const { media } = useWords();
  const keep = useKeeping();
  return (
    <>
      {!readOnly && medium.made && <Again order={{ ...medium.made, kind: medium.kind as Order["kind"] }} />}
      {!readOnly && medium.threadId !== null && (
        <IconButton label={media.keep} onClick={() => void keep([medium.mediaId])} className="size-10">
          <Bookmark aria-hidden size={18} />
        </IconButton>
      )}
      <IconButton label={media.download} onClick={onDownload} className="size-10">
        <Download aria-hidden size={18} />
      </IconButton>
      {!readOnly && (
        <IconButton label={media.remove} onClick={onRemove} className="size-10">
          <Trash2 aria-hidden size={18} />
        </IconButton>
      )}
    </>
  );
}

/** Two ways to more of the kind: the same words with another seed, and other words. */
function Again({ order: { kind, prompt, model, options } }: { order: Order }) {
  const { media } = useWords();
  const another = useAnother();
  const navigate = useNavigate();
  const order = { kind, prompt, model, options };
  return (
    <>
      <IconButton label={media.another} onClick={() => void another(order)} className="size-10">
        <Copy aria-hidden size={18} />
      </IconButton>
      <IconButton
        label={media.changePrompt}
        onClick={() => void navigate(createPath, { state: { order } })}
        className="size-10"
      >
        <PencilLine aria-hidden size={18} />
      </IconButton>
    </>
  );
}

function playOrPause(within: HTMLElement | null): void {
  const video = within?.querySelector("video");
  if (video?.paused) void video.play();
  else video?.pause();
}
