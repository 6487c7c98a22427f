import { useAction, useQuery } from "convex/react";
import { useEffect, useState } from "react";
import { type Account, api } from "../../app/api.ts";

/**
 * The signed-in person, live. Someone the backend does not know yet is introduced to it once, which makes their
 * workspace and their key; until that is done `account` is undefined. Where it is refused, `refused` is what was thrown:
 * with the code `closing`, for an account that is being erased.
 */
export function useAccount(): { account: Account | undefined; refused: unknown } {
  const account = useQuery(api.account.me);
  const signIn = useAction(api.account.signIn);
  const [refused, setRefused] = useState<unknown>(null);
  const unknown = account === null;

  useEffect(() => {
    if (unknown) signIn({}).catch(setRefused);
  }, [unknown, signIn]);

  return { account: account ?? undefined, refused };
}
