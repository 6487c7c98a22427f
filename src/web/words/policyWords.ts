import type { DataClassId, LegalBasis } from "../../policy/dataClasses.ts";
import type { ConsentPurpose, ObjectionPurpose, RequestKind } from "../../policy/rights.ts";

/**
 * What `src/policy/` says to people, in another language. It is kept apart from the other words, because only the pages
 * about privacy load it.
 */
export interface PolicyWords {
  bases: Record<LegalBasis, string>;
  classes: Record<DataClassId, ClassWords>;
  consents: Record<ConsentPurpose, { label: string; text: string }>;
  objections: Record<ObjectionPurpose, { label: string; text: string }>;
  requests: Record<RequestKind, string>;
}

export interface ClassWords {
  label: string;
  description: string;
  purpose?: string;
  california: string;
  /** In the order of the class. */
  rules: readonly RuleWords[];
}

interface RuleWords {
  what: string;
  from: string;
  atEnd: string;
  /** As long as what lasts, where the period is no number. */
  until?: string;
}
