import { policy as german } from "../../words/de/policy.ts";
import { policy as english } from "../../words/en/policy.ts";
import type { Language } from "../../words/language.ts";
import type { PolicyWords } from "../../words/policyWords.ts";
import { useLanguage } from "../../words/words.ts";

const policies: Record<Language, PolicyWords> = { en: english, de: german };

/** What the policy says, in the language that is spoken. */
export function usePolicyWords(): PolicyWords {
  return policies[useLanguage()];
}
