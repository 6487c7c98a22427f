import { useEffect, useRef } from "react";

/** Mathematics, typeset once what does it is loaded; until then, and where it cannot be, as it was written. */
export function Formula({ tex, display = false }: { tex: string; display?: boolean }) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    let left = false;
    import("./typeset.ts").then(
      ({ typeset }) => left || !place.current || typeset(tex, { place: place.current, display }),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [tex, display]);
  if (!display) return <span ref={place}>{tex}</span>;
  return (
    // Focusable, so that a wide formula can be scrolled with the keyboard.
    <div ref={place as never} tabIndex={0} className="scroll-quiet overflow-x-auto py-1">
      {tex}
    </div>
  );
}
