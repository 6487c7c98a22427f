/** The doctor's report: findings and answers as text, grouped by the step of `docs/deploy.md` they belong to. */
import type { Answer } from "./probes.ts";
import type { Finding } from "./variables.ts";

const MARKS = { ok: "✓", wrong: "✗", unset: "–", "left out": "–" } as const;

/** Lines for a person. Nothing in them comes from a secret's value. */
export function formatReport(findings: Finding[], answers: Answer[]): string {
  const steps = [...new Set(findings.map(({ step }) => step))];
  const sections = steps.map((step) => {
    const variables = findings.filter((finding) => finding.step === step).map(formatFinding);
    const questions = answers.filter((answer) => answer.step === step).map(formatAnswer);
    return [step, ...variables, ...questions].join("\n");
  });
  return [...sections, summary(findings, answers)].join("\n\n");
}

/** How many variables and answers are wrong; the doctor exits 0 only at none. */
export function countWrong(findings: Finding[], answers: Answer[]): number {
  return [...findings, ...answers].filter(({ state }) => state === "wrong").length;
}

function formatFinding({ name, state, message }: Finding): string {
  return `  ${MARKS[state]} ${name} ${state === "ok" ? "" : message}`.trimEnd();
}

function formatAnswer({ question, state, message }: Answer): string {
  return `  ${MARKS[state]} ${question}${message ? `: ${message}` : ""}`;
}

function summary(findings: Finding[], answers: Answer[]): string {
  const wrong = countWrong(findings, answers);
  if (wrong > 0) return `${wrong} of these must be mended; docs/deploy.md says how each is made.`;
  const leftOut = answers.filter(({ state }) => state === "left out").length;
  return leftOut === 0 ? "All well." : `All well; ${leftOut} ${leftOut === 1 ? "question" : "questions"} left out.`;
}
