import type { ErrorWords } from "../errorWords.ts";
import { formats } from "./formats.ts";

export const errors: ErrorWords = {
  unknown: "Bei uns ist etwas schiefgegangen. Bitte versuch es noch einmal.",
  unauthenticated: () => "Deine Sitzung ist zu Ende. Melde dich neu an, um weiterzumachen.",
  forbidden: () => "Deine Rolle erlaubt das nicht. Frag, wem der Arbeitsbereich gehört.",
  not_found: () => "Das gibt es nicht oder nicht mehr. Geh zurück und wähl etwas anderes.",
  invalid: () => "Die Eingabe passt so nicht. Ändere sie und versuch es noch einmal.",
  limit_exceeded: ({ retryAt }) =>
    retryAt === undefined
      ? "Das ist mehr, als erlaubt ist. Versuch es mit weniger oder etwas später."
      : `Das ist mehr, als gerade erlaubt ist. Versuch es um ${formats.time(retryAt)} Uhr noch einmal.`,
  insufficient_credits: () => "Dein Guthaben reicht dafür nicht. Unter Verbrauch siehst du, wann neues kommt.",
  restricted: () =>
    "Dein Konto kann gerade nur gelesen werden. Unter Privatsphäre steht, warum und wie du das änderst.",
  closing: () => "Dieses Konto ist geschlossen oder wird gelöscht. Öffne es wieder, solange das noch geht.",
  conflict: () => "Das hat sich inzwischen geändert. Sieh es dir noch einmal an und entscheide neu.",
  unavailable: () => "Das ist hier gerade nicht möglich. Versuch es später oder wende dich an den Betreiber.",
};
