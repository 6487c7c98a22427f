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

/** How the notice looks, in either theme. The page's policy names the hash of these very characters. */
export const NOTICE_STYLE = `
:root { color-scheme: light dark; --ink: #1c211e; --quiet: #5b635e; --paper: #fbfaf6; --line: #dedcd4; --link: #17523c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9ece9; --quiet: #a3aaa5; --paper: #111413; --line: #2c312e; --link: #7fd1ae; }
}
body { max-width: 42rem; margin: 0 auto; padding: 3rem 1.25rem 5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font: 400 2.5rem/1.2 Georgia, serif; }
h2 { margin-top: 3rem; padding-top: 1.5rem; border-top: 1px solid var(--line); font-size: 1.25rem; }
h3 { margin: 2rem 0 0.25rem; font-size: 1rem; }
h3 ~ p { margin: 0.25rem 0; color: var(--quiet); }
ul { padding-left: 1.25rem; }
li { margin: 0.35rem 0; }
a { color: var(--link); }
`;

/** The privacy notice as a page that needs no scripts and loads nothing. Pure. */
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
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Privacy · ${name}</title>
<style>${NOTICE_STYLE}</style></head>
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
