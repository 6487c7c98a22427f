import type { media as english } from "../en/media.ts";

export const media: typeof english = {
  createTitle: "Erstellen",
  libraryTitle: "Mediathek",
};
