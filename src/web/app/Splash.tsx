import { Wordmark } from "../ui/Wordmark.tsx";
import { useWords } from "../words/words.ts";

/** Stands in for a page that is on its way. It shows up late, so that a quick start has no flicker. */
export function Splash() {
  const { app } = useWords();
  return (
    <div role="status" className="arriving-late grid h-full place-content-center">
      <Wordmark className="text-[36px]" />
      <span className="sr-only">{app.loading}</span>
    </div>
  );
}
