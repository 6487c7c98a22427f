import type { Account } from "../../app/api.ts";
import { Page } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";

/** What is held about a person, and their rights over it. */
export default function PrivacyPage(_: { account: Account }) {
  const { privacy } = useWords();
  return <Page title={privacy.title}>{null}</Page>;
}
