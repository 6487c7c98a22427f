import type { app as english } from "../en/app.ts";

export const app: typeof english = {
  loading: "Lädt",
  tryAgain: "Noch einmal versuchen",
  noAnswer: "Noruxa antwortet nicht. Prüfe deine Verbindung, oder ob der Server läuft.",
  noSignIn: "Auf diesem Server ist keine Anmeldung eingerichtet. Bitte wende dich an den Betreiber.",
  contact: "Betreiber kontaktieren",
  connectionLost: "Die Verbindung ist weg. Noruxa verbindet sich von selbst neu; nichts Gesendetes geht verloren.",
  notices: "Hinweise",
  dismiss: "Schließen",
  cancel: "Abbrechen",
  keep: "Behalten",
  sidebar: "Chats und Seiten",
  make: "Erstellen",
  standing: "Dein Konto",
  skipToContent: "Zum Inhalt springen",
};
