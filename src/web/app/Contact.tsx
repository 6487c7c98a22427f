import { createContext, use } from "react";
import { useWords } from "../words/words.ts";

/** How to reach the operator, from `/config.json`; every page shows it. Empty where that file could not be read. */
export const ContactContext = createContext("");

/** Says how to reach whoever runs this server. */
export function Contact() {
  const contact = use(ContactContext);
  const { app } = useWords();
  if (!contact) return null;
  return (
    <a
      href={contact.includes("@") ? `mailto:${contact}` : contact}
      rel="noreferrer"
      className="rounded underline decoration-line underline-offset-4 hover:text-ink hover:decoration-current"
    >
      {app.contact}
    </a>
  );
}
