import { Page } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";

/** How the service stands, in numbers and ids. */
export default function OperatorPage() {
  const { operator } = useWords();
  return (
    <Page wide title={operator.title}>
      {null}
    </Page>
  );
}
