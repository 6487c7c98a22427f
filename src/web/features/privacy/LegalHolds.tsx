import { useQuery } from "convex/react";
import { api } from "../../app/api.ts";
import { Section } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";

/** What of the person's data the law wants kept; nothing at all for nearly everybody. */
export function LegalHolds() {
  const { privacy } = useWords();
  const holds = useQuery(api.privacy.holds, {});
  if (!holds || holds.length === 0) return null;
  return (
    <Section title={privacy.holds}>
      <ul className="grid gap-1.5 text-[15px]">
        {holds.map(({ scope, placedAt }) => (
          <li key={`${scope} ${placedAt}`}>{privacy.holdLine(scope, placedAt)}</li>
        ))}
      </ul>
    </Section>
  );
}
