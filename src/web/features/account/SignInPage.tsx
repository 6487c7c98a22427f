import { Contact } from "../../app/Contact.tsx";
import { useSiteUrl } from "../../app/siteUrl.ts";
import { useTitle } from "../../ui/useTitle.ts";
import { Wordmark } from "../../ui/Wordmark.tsx";
import { useWords } from "../../words/words.ts";
import { useIdentity } from "./identity.ts";
import { LanguageSwitch } from "./LanguageSwitch.tsx";

/** What a visitor sees: what this is, in two sentences that are kept by code, and the way in. */
export function SignInPage() {
  const { account } = useWords();
  const { SignInForm, sessionEnded } = useIdentity();
  const siteUrl = useSiteUrl();
  useTitle(account.signIn);
  return (
    <div className="scroll-quiet flex h-full flex-col overflow-y-auto">
      <main className="mx-auto grid w-full max-w-[400px] flex-1 content-center px-6 py-12">
        <Wordmark className="text-[44px]" />
        <h1 className="mt-3 text-[17px] text-pretty text-muted">{account.promise}</h1>
        <div className="mt-9 grid gap-4">
          {sessionEnded && (
            <p role="status" className="rounded-[10px] bg-tint px-3 py-2.5 text-[14px]">
              {account.sessionEnded}
            </p>
          )}
          <SignInForm />
        </div>
      </main>
      <footer className="flex flex-wrap justify-center gap-x-5 gap-y-2 px-6 pb-6 text-[13px] text-muted">
        <Contact />
        <a
          href={`${siteUrl}/privacy`}
          className="rounded underline decoration-line underline-offset-4 hover:text-ink hover:decoration-current"
        >
          {account.privacyPage}
        </a>
        <LanguageSwitch />
      </footer>
    </div>
  );
}
