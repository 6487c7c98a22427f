import type { account as english } from "../en/account.ts";
export const account: typeof english = {
  promise:
    "Denk laut. Was du schreibst, wird mit deinem eigenen Schlüssel versiegelt, und was du löschst, ist wirklich weg.",
  email: "E-Mail",
  name: "Name",
  optional: "freiwillig",
  signIn: "Anmelden",
  sessionEnded: "Deine Sitzung ist zu Ende. Melde dich neu an, und du bist wieder da, wo du warst.",
  signOut: "Abmelden",
  builtInSignIn:
    "Dieser Server nutzt die eingebaute Anmeldung zum Ausprobieren: Jede Adresse geht, und ein Passwort gibt es nicht.",
  signInSilent: "Der Anmeldedienst antwortet nicht. Läuft er noch?",
  signInFailed: "Die Anmeldung hat nicht geklappt. Bitte versuch es noch einmal.",
  privacyPage: "Was aufbewahrt wird und warum",
  you: "Du",
  appearance: "Darstellung",
  themes: { system: "Wie das System", light: "Hell", dark: "Dunkel" },
  language: "Sprache",
};
