import { DATA_CLASSES, type DataClass, LEGAL_BASES, type RetentionRule } from "./dataClasses.ts";
import { PROMISES } from "./promises.ts";
import { REQUEST_KINDS } from "./rights.ts";
import { periodInWords } from "./words.ts";

/** Who runs the service, from its environment. */
export interface Operator {
  name: string;
  /** Where people write about their data. */
  email: string;
}

export type Notice = ReturnType<typeof privacyNotice>;

/** The privacy notice as data: what `/privacy.json` answers and `/privacy` shows. Pure. */
export function privacyNotice(operator: Operator) {
  return {
    operator,
    promises: Object.entries(PROMISES).map(([id, { text }]) => ({ id, text })),
    data: Object.entries<DataClass>(DATA_CLASSES).map(
      ([id, { label, description, basis, purpose, california, rules }]) => ({
        id,
        label,
        description,
        basis: LEGAL_BASES[basis],
        purpose: purpose ?? null,
        california,
        kept: rules.map(inWords),
      }),
    ),
    rights: Object.values(REQUEST_KINDS),
  };
}

/** The privacy notice as a page that needs neither scripts nor styles. Pure. */
export function noticePage({ operator, promises, data, rights }: Notice): string {
  const name = escaped(operator.name);
  const sections = data.map(
    ({ label, description, basis, purpose, california, kept }) => `<h3>${escaped(label)}</h3>
<p>${escaped(description)}</p>
<p>Kept ${escaped(basis)}.${purpose ? ` ${escaped(purpose)}` : ""} California: ${escaped(california)}.</p>
${list(kept.map(({ what, period, from, atEnd }) => `${what}: ${period}, counted from ${from}; then ${atEnd}.`))}`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Privacy · ${name}</title></head>
<body>
<h1>Privacy</h1>
<p>${name} runs this service and answers for your data. Write to
<a href="mailto:${escaped(operator.email)}">${escaped(operator.email)}</a>.</p>
<h2>What is promised</h2>
${list(promises.map(({ text }) => text))}
<h2>What is kept, why, and for how long</h2>
${sections.join("\n")}
<h2>What you may ask</h2>
${list(rights)}
<p>You may also complain to a supervisory authority. Nobody is treated worse for asking.</p>
</body>
</html>
`;
}

function inWords({ what, period, from, atEnd }: RetentionRule) {
  return { what, period: periodInWords(period), from, atEnd };
}

function list(items: readonly string[]): string {
  return `<ul>\n${items.map((item) => `<li>${escaped(item)}</li>`).join("\n")}\n</ul>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
