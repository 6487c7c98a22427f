import type { PolicyWords } from "../policyWords.ts";

const withAccount = {
  what: "Solange das Konto besteht",
  from: "der Schließung des Kontos; sofort, wenn du es löschst",
  atEnd: "gelöscht",
};
const proofs = { atEnd: "gelöscht" };
const network = "Aktivität im Internet oder einem anderen elektronischen Netz";
const identifiers = "Kennungen";

export const policy: PolicyWords = {
  bases: {
    contract: "um den Dienst zu erbringen, den du wolltest (Art. 6 Abs. 1 lit. b DSGVO)",
    duty: "weil das Gesetz es verlangt (Art. 6 Abs. 1 lit. c DSGVO)",
    interest: "wegen eines berechtigten Interesses (Art. 6 Abs. 1 lit. f DSGVO)",
    consent: "mit deiner Einwilligung (Art. 6 Abs. 1 lit. a DSGVO)",
  },
  classes: {
    account: {
      label: "Konto",
      description: "Dein Name, deine Einstellungen, die Kennung deines Anmeldedienstes und dein Arbeitsbereich.",
      california: identifiers,
      rules: [withAccount],
    },
    keys: {
      label: "Schlüssel",
      description: "Verpackte Schlüssel, ohne die sich nichts lesen lässt, was du geschrieben hast.",
      california: "Keine: Schlüssel sagen nichts über eine Person",
      rules: [
        { ...withAccount, atEnd: "zuerst gelöscht, in der Transaktion, mit der die Löschung beginnt" },
        {
          what: "Der Schlüssel eines Chats",
          until: "bis der Chat gelöscht wird",
          from: "dem Beginn des Chats",
          atEnd: "mit ihm gelöscht",
        },
      ],
    },
    chats: {
      label: "Chats",
      description:
        "Titel, Nachrichten und Antworten, verschlüsselt mit einem Schlüssel von dir; Zeiten, Modelle und Größen im Klartext.",
      california: network,
      rules: [
        {
          what: "Ein Chat, der nicht angeheftet ist",
          from: "der letzten Nachricht oder dem Lösen der Anheftung, je nachdem, was später war",
          atEnd: "sein Schlüssel wird gelöscht, danach Nachrichten und Dateien",
        },
        {
          what: "Ein angehefteter Chat",
          until: "bis du ihn löst oder löschst",
          from: "dem Anheften",
          atEnd: "wie jeder andere Chat",
        },
        {
          what: "Ein temporärer Chat, falls du ihn nicht vorher verlässt",
          from: "seinem Beginn",
          atEnd: "wie jeder andere Chat",
        },
      ],
    },
    media: {
      label: "Bilder, Videos und Dateien",
      description: "Was du hochgeladen hast und was für dich gemacht wurde, verschlüsselt, mit den Aufträgen dafür.",
      california: "Audio-, elektronische, visuelle oder ähnliche Informationen",
      rules: [
        {
          what: "In einem Chat",
          until: "bis der Chat gelöscht wird",
          from: "dem Beginn des Chats",
          atEnd: "mit ihm gelöscht",
        },
        {
          what: "In deiner Bibliothek",
          until: "bis du es löschst",
          from: "der Entstehung",
          atEnd: "gelöscht",
        },
        { what: "Ein Upload, den keine Nachricht aufnahm", from: "dem Upload", atEnd: "gelöscht" },
        { what: "Ein Auftrag, aus dem nichts wurde", from: "seinem Ende", atEnd: "gelöscht" },
      ],
    },
    exports: {
      label: "Archive, die du angefordert hast",
      description: "Eine Kopie von allem, was du hast, verschlüsselt, zum Abholen.",
      california: "Wie die Daten, deren Kopien sie sind",
      rules: [{ what: "Jedes", from: "der Fertigstellung", atEnd: "gelöscht" }],
    },
    sessions: {
      label: "Mediensitzungen",
      description: "Ein zufälliges Geheimnis, mit dem eine Seite von dir deine Bilder laden kann.",
      california: network,
      rules: [{ what: "Jede", from: "der Eröffnung", atEnd: "gelöscht" }],
    },
    usage: {
      label: "Verbrauch",
      description:
        "Wann welches Modell was für dich getan hat: Zeiten, Arten, Modelle, Mengen und Credits, nie Inhalte.",
      california: network,
      rules: [withAccount],
    },
    billing: {
      label: "Abrechnungsdaten",
      description:
        "Dein Tarif, seine Zeiträume und jede Änderung deiner Credits. Sie überdauern das Konto ohne deine Identität.",
      purpose: "Handels- und Steuerrecht verlangen Aufzeichnungen darüber, was verkauft wurde.",
      california: "Kommerzielle Informationen",
      rules: [
        {
          what: "Nach dem Ende des Kontos, unter einem Pseudonym",
          from: "dem Ende des Jahres, in dem es endete",
          atEnd: "gelöscht",
        },
      ],
    },
    choices: {
      label: "Entscheidungen und Anfragen zu Daten",
      description:
        "Worin du eingewilligt, wem du widersprochen und was du verlangt hast: Arten und Zeiten, nicht was du geschrieben hast.",
      purpose:
        "Wer einen Dienst betreibt, muss zeigen können, dass eingewilligt wurde und Anfragen beantwortet wurden.",
      california: identifiers,
      rules: [withAccount, { what: "Eine beantwortete Anfrage", from: "der Antwort", atEnd: "gelöscht" }],
    },
    webhooks: {
      label: "Nachrichten des Anmelde- und Zahlungsdienstes",
      description:
        "Dass sich an deinem Konto oder Tarif etwas geändert hat: Kennungen, Zustände und Zeiten, keine Namen.",
      purpose: "Jede Nachricht muss einmal angewandt werden, und was schiefging, muss sich finden lassen.",
      california: identifiers,
      rules: [{ what: "Jede", from: "dem Eingang", atEnd: "gelöscht" }],
    },
    holds: {
      label: "Aufbewahrungspflichten",
      description:
        "Dass ein Gesetz oder ein Gericht uns anweist, ein Konto oder einen Chat aufzubewahren, unter unserer Nummer der Sache. Was davon erfasst ist, bleibt, was immer sonst versprochen ist, und nichts darüber hinaus.",
      purpose: "Wer etwas aufbewahren muss, darf es nicht löschen. Wer es zu löschen versucht, erfährt davon.",
      california: "Keine: Sie sagen nichts über eine Person",
      rules: [
        {
          what: "Was erfasst ist, und die Anordnung selbst",
          until: "bis die Pflicht endet",
          from: "der Anordnung, und mindestens alle 90 Tage neu geprüft",
          atEnd: "gelöscht, wie es ohne sie gelöscht worden wäre",
        },
      ],
    },
    proofs: {
      label: "Löschnachweise",
      description:
        "Dass ein Chat, eine Datei oder ein Archiv von dir gelöscht wurde, und wann; dass ein Konto gelöscht wurde, wann und wie viel, unter einem Pseudonym, das nur ein Schlüssel von uns bilden kann.",
      purpose: "Wer löschen muss, muss es zeigen können und darf nicht zurückbringen, was gelöscht wurde.",
      california: identifiers,
      rules: [
        {
          what: "Nachweise über das, was du gelöscht hast, nicht länger als dein Konto",
          from: "der Löschung",
          ...proofs,
        },
        { what: "Nachweise über Konten", from: "dem Ende der Löschung", ...proofs },
        {
          what: "Pseudonyme von Gelöschtem und von dem, was du über deine Daten entschieden hast, damit keine Sicherung es rückgängig macht",
          from: "der Löschung oder der Entscheidung",
          ...proofs,
        },
        { what: "Das Pseudonym einer gelöschten Identität", from: "dem Ende der Löschung", ...proofs },
      ],
    },
    backups: {
      label: "Sicherungen",
      description:
        "Kopien für den Katastrophenfall. Was du löschst, bleibt darin unlesbar, weil Schlüssel getrennt aufbewahrt werden.",
      purpose: "Daten müssen den Verlust eines Rechners überstehen.",
      california: "Wie die Daten, deren Kopien sie sind",
      rules: [{ what: "Jede", from: "der Entstehung", atEnd: "gelöscht" }],
    },
  },
  consents: {
    news: { label: "Neuigkeiten per Mail", text: "Schreibt mir per Mail, was es im Dienst Neues gibt." },
  },
  objections: {
    webhooks: {
      label: "Aufzeichnungen darüber, was Anmelde- und Zahlungsdienst mitgeteilt haben",
      text: "Sobald eine solche Nachricht angewandt ist, bewahrt weder auf, was sie sagte, noch dass sie mich betraf.",
    },
  },
  requests: {
    access: "eine Kopie aller Daten und was mit ihnen geschieht (Art. 15 DSGVO)",
    rectification: "dass Daten berichtigt werden (Art. 16 DSGVO)",
    erasure: "dass Daten gelöscht werden (Art. 17 DSGVO, § 1798.105 CCPA)",
    restriction: "dass Daten vorerst nur gespeichert werden (Art. 18 DSGVO)",
    portability: "die Daten in einer Form, die andere Dienste lesen können (Art. 20 DSGVO)",
    objection: "dass endet, was auf einem berechtigten Interesse beruht (Art. 21 DSGVO)",
    disclosure: "was erhoben wird und warum, nach Kategorien (§ 1798.110 CCPA)",
  },
};
