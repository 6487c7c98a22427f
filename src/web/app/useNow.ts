import { useEffect, useState } from "react";

const minuteMs = 60_000;

/** The time in milliseconds since the epoch, to the minute: good enough for headings like Today. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), minuteMs);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
