import { useState } from "react";
import { sentenceOf } from "../../app/sentences.ts";
import { useNotice } from "../../ui/Notices.tsx";

/** Something a press begins: `attempt` runs it, one at a time, and a notice says why it did not work. */
export function useAttempt(): { busy: boolean; attempt: (work: () => Promise<unknown>) => Promise<boolean> } {
  const [busy, setBusy] = useState(false);
  const notify = useNotice();
  const attempt = async (work: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await work();
      return true;
    } catch (error) {
      notify(sentenceOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, attempt };
}
