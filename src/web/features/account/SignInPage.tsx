import { Contact } from "../../app/Contact.tsx";
import { Wordmark } from "../../ui/Wordmark.tsx";
import { useWords } from "../../words/words.ts";
import { useIdentity } from "./identity.ts";

/** What a visitor sees: what this is, in two sentences that are kept by code, and the way in. */
export function SignInPage() {
  const { account } = useWords();
  const { SignInForm } = useIdentity();
  return (
    <div className="scroll-quiet flex h-full flex-col overflow-y-auto">
      <main className="mx-auto grid w-full max-w-[400px] flex-1 content-center px-6 py-12">
        <Wordmark className="text-[44px]" />
        <h1 className="mt-3 text-[17px] text-pretty text-muted">{account.promise}</h1>
        <div className="mt-9">
          <SignInForm />
        </div>
      </main>
      <footer className="px-6 pb-6 text-center text-[13px] text-muted">
        <Contact />
      </footer>
    </div>
  );
}
