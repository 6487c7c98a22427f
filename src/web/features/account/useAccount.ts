import { useAction, useQuery } from "convex/react";
import { useEffect, useState } from "react";
import { type Account, api } from "../../app/api.ts";
import { sentenceOf } from "../../app/sentences.ts";

/**
 * The signed-in person, live. Someone the backend does not know yet is introduced to it once, which makes their
 * workspace and their key; until that is done `account` is undefined.
 */
export function useAccount(): { account: Account | undefined; problem: string | null } {
  const account = useQuery(api.account.me);
  const signIn = useAction(api.account.signIn);
  const [problem, setProblem] = useState<string | null>(null);
  const unknown = account === null;

  useEffect(() => {
    if (unknown) signIn({}).catch((error) => setProblem(sentenceOf(error)));
  }, [unknown, signIn]);

  return { account: account ?? undefined, problem };
}
