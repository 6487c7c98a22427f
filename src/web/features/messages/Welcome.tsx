import { Hourglass } from "lucide-react";
import { Link } from "react-router";
import { newThreadPath, temporaryPath } from "../../app/paths.ts";
import { useWords } from "../../words/words.ts";

/** What stands above the composer where a new chat begins. */
export function Welcome({ name, temporary }: { name: string; temporary: boolean }) {
  const { messages: words, threads } = useWords();
  const [firstName = ""] = name.trim().split(/\s+/);
  return (
    <div className="mx-auto w-full max-w-[46rem] px-5 pb-7 md:px-7">
      <h1 className="font-display text-[clamp(34px,5vw,44px)] leading-[1.1] tracking-[-0.015em] text-balance">
        {temporary ? words.temporaryWelcome : words.welcome(firstName)}
      </h1>
      <p className="mt-2.5 max-w-[60ch] text-muted text-pretty">
        {temporary ? words.temporaryWelcomeMore : words.welcomeMore}
      </p>
      <Link
        to={temporary ? newThreadPath : temporaryPath}
        className="mt-3 inline-flex items-center gap-2 rounded text-[14.5px] text-accent underline decoration-line underline-offset-4 hover:decoration-current"
      >
        {!temporary && <Hourglass aria-hidden size={15} />}
        {temporary ? threads.newThread : threads.newTemporary}
      </Link>
    </div>
  );
}
