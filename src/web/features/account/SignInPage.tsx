import { Contact } from "../../app/Contact.tsx";
import { Wordmark } from "../../ui/Wordmark.tsx";
import { useIdentity } from "./identity.ts";

/** What a visitor sees: what this is, in three lines that are kept by code, and the way in. */
export function SignInPage() {
  const { SignInForm } = useIdentity();
  return (
    <div className="scroll-quiet flex h-full flex-col overflow-y-auto">
      <main className="mx-auto grid w-full max-w-[400px] flex-1 content-center px-6 py-12">
        <Wordmark className="text-[44px]" />
        <h1 className="mt-3 text-[17px] text-balance text-muted">
          A place to think out loud. What you write is sealed with a key of your own, and deleting it means it.
        </h1>
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
