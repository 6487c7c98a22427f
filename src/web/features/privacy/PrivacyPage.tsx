import { Page } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";

/** What is held about a person, and their rights over it. */
export default function PrivacyPage() {
  const { privacy } = useWords();
  return <Page title={privacy.title}>{null}</Page>;
}
