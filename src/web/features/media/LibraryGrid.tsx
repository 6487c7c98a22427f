import { useCallback, useEffect, useRef, useState } from "react";
import { useMatch } from "react-router";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { mediaPattern } from "../../app/paths.ts";
import { useNow } from "../../app/useNow.ts";
import { useWords } from "../../words/words.ts";
import { LibraryCell } from "./LibraryCell.tsx";
import type { LibraryMedium } from "./optimism.ts";
import type { Selection } from "./useSelection.ts";

interface LibraryGridProps {
  media: LibraryMedium[];
  selection: Selection;
  loading: boolean;
  /** There is little left below what is visible. */
  onScarce: () => void;
}

/** Least width of a picture, in pixels; two stand side by side at least. */
const cellPx = 168;
/** Between pictures, in pixels. */
const gapPx = 12;
/** With less than this below what is visible, in pixels, more is loaded. */
const scarcePx = 900;

/** The media in rows of as many as fit. Only the rows around what is visible are in the page, however many there are. */
export function LibraryGrid({ media, selection, loading, onScarce }: LibraryGridProps) {
  const { media: words } = useWords();
  const { ref, scroller, width, topPx } = usePlace();
  const window = useRef<VirtualizerHandle>(null);
  const nowMs = useNow();
  const rows = rowsOf(media, Math.max(2, Math.floor((width + gapPx) / (cellPx + gapPx))));
  const openedRow = useOpenedRow(rows, window);
  const loadIfScarce = () => {
    const { scrollSize = 0, scrollOffset = 0, viewportSize = 0 } = window.current ?? {};
    if (scrollSize - scrollOffset - viewportSize < scarcePx) onScarce();
  };
  return (
    <div ref={ref} role="list" aria-label={words.items} aria-busy={loading} className="mt-5">
      {width > 0 && (
        <Virtualizer
          ref={window}
          scrollRef={scroller}
          startMargin={topPx}
          itemSize={width / (rows[0]?.columns ?? 2)}
          keepMounted={openedRow < 0 ? [] : [openedRow]}
          onScroll={loadIfScarce}
        >
          {rows.map(({ key, columns, media: inRow }) => (
            <div
              key={key}
              style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, gap: gapPx, paddingBottom: gapPx }}
              className="grid"
            >
              {inRow.map((medium) => (
                <LibraryCell key={medium.mediaId} medium={medium} selection={selection} nowMs={nowMs} />
              ))}
            </div>
          ))}
        </Virtualizer>
      )}
    </div>
  );
}

/** Where the grid stands in what scrolls, and how wide it is; 0 until it is on screen. */
function usePlace() {
  const scroller = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(0);
  const [topPx, setTopPx] = useState(0);
  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    scroller.current = element.closest("main");
    const observer = new ResizeObserver(() => {
      setWidth(element.clientWidth);
      setTopPx(element.offsetTop);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, scroller, width, topPx };
}

/** The row of the medium that is opened, or -1. It is kept in the page, and in sight, for when the viewer is closed. */
function useOpenedRow(rows: ReturnType<typeof rowsOf>, window: { current: VirtualizerHandle | null }): number {
  const openedId = useMatch(mediaPattern)?.params.mediaId;
  const row = rows.findIndex(({ media }) => media.some(({ mediaId }) => mediaId === openedId));
  useEffect(() => {
    if (row >= 0) window.current?.scrollToIndex(row, { align: "nearest" });
  }, [row, window]);
  return row;
}

function rowsOf(media: LibraryMedium[], columns: number) {
  return Array.from({ length: Math.ceil(media.length / columns) }, (_, index) => {
    const inRow = media.slice(index * columns, (index + 1) * columns);
    return { key: `${columns} ${index}`, columns, media: inRow };
  });
}
