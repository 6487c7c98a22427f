import { createContext, use } from "react";

/** How to reach the operator, from `/config.json`; every page shows it. Empty where that file could not be read. */
export const ContactContext = createContext("");

/** Says how to reach whoever runs this server. */
export function Contact() {
  const contact = use(ContactContext);
  if (!contact) return null;
  return (
    <a
      href={contact.includes("@") ? `mailto:${contact}` : contact}
      rel="noreferrer"
      className="rounded underline decoration-line underline-offset-4 hover:text-ink hover:decoration-current"
    >
      Contact the operator
    </a>
  );
}
