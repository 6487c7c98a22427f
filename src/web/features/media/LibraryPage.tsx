import { Page } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";

/** Every picture and video a person has. */
export default function LibraryPage() {
  const { media } = useWords();
  return (
    <Page wide title={media.libraryTitle}>
      {null}
    </Page>
  );
}
