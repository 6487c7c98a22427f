import { useAction } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { useCallback, useEffect, useState } from "react";
import { api } from "../../app/api.ts";
import { sentenceOf } from "../../app/sentences.ts";

export type Overview = FunctionReturnType<typeof api.privacy.overview>;
export type Category = Overview["categories"][number];

/** What is held about the person. It is counted anew by `refresh`, since an action is not live. */
export function useOverview(): { overview: Overview | null; problem: string | null; refresh: () => Promise<void> } {
  const load = useAction(api.privacy.overview);
  const [overview, setOverview] = useState<Overview | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const refresh = useCallback(
    () =>
      load({}).then(
        (loaded) => {
          setOverview(loaded);
          setProblem(null);
        },
        (error) => setProblem(sentenceOf(error)),
      ),
    [load],
  );
  useEffect(() => void refresh(), [refresh]);
  return { overview, problem, refresh };
}
