import { useMutation } from "convex/react";
import { useState } from "react";
import { api } from "../../app/api.ts";
import { Failure } from "../../app/Failure.tsx";
import { sentenceOf } from "../../app/sentences.ts";
import { useWords } from "../../words/words.ts";

/** What the person of a closed account sees until it is erased: when that is, and the way back. */
export function ClosedAccount({ erasesAt }: { erasesAt: number }) {
  const words = useWords().account;
  const reopen = useMutation(api.account.reopen);
  const [problem, setProblem] = useState<string | null>(null);
  const onClick = () => void reopen({}).catch((error) => setProblem(sentenceOf(error)));
  return <Failure sentence={problem ?? words.closed(erasesAt)} action={{ label: words.reopen, onClick }} />;
}
