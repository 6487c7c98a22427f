import type { Account } from "../../app/api.ts";
import { Page } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";

/** Every picture and video a person has. */
export default function LibraryPage(_: { account: Account }) {
  const { media } = useWords();
  return (
    <Page wide title={media.libraryTitle}>
      {null}
    </Page>
  );
}
