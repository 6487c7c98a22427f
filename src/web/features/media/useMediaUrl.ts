import { useAction } from "convex/react";
import { useCallback, useEffect, useState } from "react";
import { api } from "../../app/api.ts";

/** Addresses run out after minutes; one that fails sooner than this is not asked for again. */
const renewAfterMs = 5_000;

/**
 * An address from which the page can load a medium, null until it is there and where the medium is gone. `renew` asks
 * for another, for elements that could not load what they had: a video that is played for long outlives its address.
 */
export function useMediaUrl(mediaId: string): { url: string | null; renew: () => void } {
  const ticket = useAction(api.media.ticket);
  const [current, setCurrent] = useState<{ url: string | null; askedAtMs: number }>({ url: null, askedAtMs: 0 });
  const ask = useCallback(
    () =>
      ticket({ mediaId }).then(
        ({ url }) => setCurrent({ url, askedAtMs: Date.now() }),
        () => setCurrent({ url: null, askedAtMs: Date.now() }),
      ),
    [ticket, mediaId],
  );
  useEffect(() => void ask(), [ask]);
  const renew = () => {
    if (Date.now() - current.askedAtMs > renewAfterMs) void ask();
  };
  return { url: current.url, renew };
}
