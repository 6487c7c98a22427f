/** Signing in and out, and what a person sets for themself. */
export const account = {
  promise: "Think out loud. What you write is sealed with a key of your own, and what you delete is gone.",
  email: "Email",
  name: "Name",
  optional: "optional",
  signIn: "Sign in",
  sessionEnded: "Your session has ended. Sign in again, and you are back where you were.",
  signOut: "Sign out",
  builtInSignIn:
    "This server runs the built-in sign-in, made for trying Noruxa out: any address works and no password is asked.",
  signInSilent: "The sign-in service does not answer. Is it still running?",
  signInFailed: "Signing in did not work. Please try again.",
  privacyPage: "What is kept, and why",
  you: "You",
  appearance: "Appearance",
  themes: { system: "Like the system", light: "Light", dark: "Dark" },
  language: "Language",
};
