import { useAction } from "convex/react";
import { useCallback, useEffect, useState } from "react";
import { api } from "../../app/api.ts";

/** Addresses run out after minutes; one that fails sooner than this is not asked for again. */
const renewAfterMs = 5_000;

interface Address {
  /** Null until it is there and where the medium is gone. */
  url: string | null;
  /** There is none, or it could not be loaded although it was new. */
  failed: boolean;
  askedAtMs: number;
}

const unasked: Address = { url: null, failed: false, askedAtMs: 0 };

/**
 * An address from which the page can load a medium. `renew` asks for another, for elements that could not load what they
 * had: a video that is played for long outlives its address.
 */
export function useMediaUrl(mediaId: string): Omit<Address, "askedAtMs"> & { renew: () => void } {
  const ticket = useAction(api.media.ticket);
  const [{ askedAtMs, ...current }, setCurrent] = useState(unasked);
  const ask = useCallback(
    () =>
      ticket({ mediaId }).then(
        ({ url }) => setCurrent({ url, failed: false, askedAtMs: Date.now() }),
        () => setCurrent({ ...unasked, failed: true }),
      ),
    [ticket, mediaId],
  );
  useEffect(() => void ask(), [ask]);
  const renew = () => {
    if (current.failed || Date.now() - askedAtMs > renewAfterMs) void ask();
    else setCurrent((before) => ({ ...before, failed: true }));
  };
  return { ...current, renew };
}
