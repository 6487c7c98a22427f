import { Page } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";

/** Where pictures and videos are made. */
export default function CreatePage() {
  const { media } = useWords();
  return <Page title={media.createTitle}>{null}</Page>;
}
