import { type FormEvent, useState } from "react";
import { NAME_CHARACTERS } from "../../../shared/limits.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";
import { SignInRefused, type SignInRequest } from "./embeddedSession.ts";

/** Asks a demo person for an address and, if they like, a name. Says plainly that it is a stand-in. */
export function EmbeddedSignInForm({ signIn }: { signIn: (request: SignInRequest) => Promise<void> }) {
  const { account, errors } = useWords();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(null);
    try {
      await signIn(signInRequestOf(form));
    } catch (error) {
      setProblem(error instanceof SignInRefused ? (error.sentence ?? account[error.why]) : errors.unknown);
      setBusy(false);
    }
  }

  return (
    <form
      onSubmit={submit}
      className="grid gap-4 rounded-2xl border border-line bg-raised p-6 shadow-raised max-[380px]:p-5"
    >
      <Field
        label={account.email}
        name="email"
        type="email"
        autoComplete="email"
        placeholder="ada@example.com"
        required
        autoFocus
      />
      <Field label={account.name} hint={account.optional} name="name" autoComplete="name" maxLength={NAME_CHARACTERS} />
      {problem && <Problem>{problem}</Problem>}
      <Button type="submit" kind="primary" busy={busy} className="mt-1 w-full">
        {account.signIn}
      </Button>
      <p className="text-center text-[13px] leading-relaxed text-muted">{account.builtInSignIn}</p>
    </form>
  );
}

function signInRequestOf(form: FormData): SignInRequest {
  const email = String(form.get("email") ?? "").trim();
  const name = String(form.get("name") ?? "").trim();
  return name ? { email, name } : { email };
}
