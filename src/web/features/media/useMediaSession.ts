import { useAction } from "convex/react";
import { useEffect } from "react";
import { api } from "../../app/api.ts";

/** Has a session opened, which the addresses of thumbnails are bound to. Lists follow by themselves once it is there. */
export function useMediaSession(): void {
  const openSession = useAction(api.media.openSession);
  useEffect(() => {
    // Without one there are no thumbnails, and everything else works.
    openSession({}).catch(() => undefined);
  }, [openSession]);
}
