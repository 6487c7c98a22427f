import { useConvexConnectionState } from "convex/react";
import { useEffect, useState } from "react";
import { useWords } from "../words/words.ts";

/** Reconnecting usually takes less than this, and then is not worth mentioning. */
const graceMs = 2_500;

/** Says when the connection is gone, and that it comes back by itself. */
export function ConnectionNotice() {
  const { isWebSocketConnected } = useConvexConnectionState();
  return isWebSocketConnected ? null : <Lost />;
}

function Lost() {
  const { app } = useWords();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), graceMs);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <p role="status" className="bg-danger-tint px-4 py-2 text-center text-[14px] text-danger">
      {app.connectionLost}
    </p>
  );
}
