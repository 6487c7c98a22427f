import { Button } from "../ui/Button.tsx";
import { useWords } from "../words/words.ts";
import { Contact } from "./Contact.tsx";

interface FailureProps {
  sentence: string;
  /** What the button says and does; without it the page is loaded again. */
  action?: { label: string; onClick: () => void };
}

/** A page, or part of one, that could not be shown: one sentence and a way on. */
export function Failure({ sentence, action }: FailureProps) {
  const { app } = useWords();
  const { label, onClick } = action ?? { label: app.tryAgain, onClick: () => location.reload() };
  return (
    <div role="alert" className="grid h-full place-content-center justify-items-center gap-5 p-6 text-center">
      <h1 className="max-w-[36ch] text-[17px] text-pretty">{sentence}</h1>
      <Button onClick={onClick}>{label}</Button>
      <p className="text-[13px] text-muted">
        <Contact />
      </p>
    </div>
  );
}
