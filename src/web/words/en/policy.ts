import { DATA_CLASSES, type DataClass, type DataClassId, LEGAL_BASES } from "../../../policy/dataClasses.ts";
import { CONSENTS, OBJECTIONS, REQUEST_KINDS } from "../../../policy/rights.ts";
import type { ClassWords, PolicyWords } from "../policyWords.ts";

/** The policy is written in English: these are its own words. */
export const policy: PolicyWords = {
  bases: LEGAL_BASES,
  classes: Object.fromEntries(
    Object.entries(DATA_CLASSES as Record<string, DataClass>).map(([id, dataClass]) => [id, wordsOf(dataClass)]),
  ) as Record<DataClassId, ClassWords>,
  consents: CONSENTS,
  objections: OBJECTIONS,
  requests: REQUEST_KINDS,
};

function wordsOf({ rules, ...dataClass }: DataClass): ClassWords {
  return {
    ...dataClass,
    rules: rules.map(({ period, ...rule }) => ({ ...rule, ...("until" in period && { until: period.until }) })),
  };
}
