import { Link } from "react-router";
import { privacyPath } from "../../app/paths.ts";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";

/** Says that an account is restricted, and where that can be lifted. */
export function ReadOnly() {
  const { media } = useWords();
  const link = (
    <Link to={privacyPath} className="font-medium whitespace-nowrap underline underline-offset-4">
      {media.toPrivacy}
    </Link>
  );
  return (
    <div className="mt-5">
      <Problem action={link}>{media.restricted}</Problem>
    </div>
  );
}
