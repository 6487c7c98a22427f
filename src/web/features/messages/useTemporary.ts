import { useConvex, useMutation } from "convex/react";
import { useEffect } from "react";
import { useLocation } from "react-router";
import { api } from "../../app/api.ts";
import { temporaryPath } from "../../app/paths.ts";
import { useIdentity } from "../account/identity.ts";

/** Tokens are good for about a minute; a fresh one is at hand when the page is closed. */
const renewTokenMs = 25_000;

/** What the address of a temporary chat carries beside its path. */
export const temporaryState = { temporary: true };

/**
 * Whether the chat at this address is temporary. One that is gets deleted when the person leaves it: at once when they
 * go elsewhere, and by a request that outlives the page when they close or reload it. Where that is lost too, the server
 * deletes the chat after a day.
 */
export function useTemporary(threadId: string | null): boolean {
  const { pathname, state } = useLocation();
  const temporary = pathname === temporaryPath || (state as Partial<typeof temporaryState> | null)?.temporary === true;
  const leavingId = temporary ? threadId : null;
  const remove = useMutation(api.threads.remove);
  useLateRemoval(leavingId);
  useEffect(() => {
    if (leavingId === null) return;
    return () => {
      // It may be gone already; and what is still there goes within a day.
      remove({ threadId: leavingId }).catch(() => undefined);
    };
  }, [leavingId, remove]);
  return temporary;
}

/** Deletes a chat when the page is closed, by a request that the browser sends none the less; a socket's is lost. */
function useLateRemoval(threadId: string | null): void {
  const { url } = useConvex();
  const { token } = useIdentity();
  useEffect(() => {
    if (threadId === null) return;
    let fresh: string | null = null;
    const renew = () => void token().then((made) => (fresh = made));
    const closed = () => {
      const headers = { authorization: `Bearer ${fresh}`, "content-type": "application/json" };
      const body = JSON.stringify({ path: "threads:remove", args: { threadId }, format: "json" });
      void fetch(`${url}/api/mutation`, { method: "POST", keepalive: true, headers, body });
    };
    renew();
    const timer = setInterval(renew, renewTokenMs);
    window.addEventListener("pagehide", closed);
    return () => {
      clearInterval(timer);
      window.removeEventListener("pagehide", closed);
    };
  }, [threadId, url, token]);
}
