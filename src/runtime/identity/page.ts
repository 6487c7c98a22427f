/** The stand-in's own page: says what it is and makes a demo token by hand. */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

const STYLE = `
:root { color-scheme: light dark; --ink: #1c1b22; --dim: #5d5a68; --paper: #f6f5f2; --card: #fff; --line: #8b8796; --act: #4438a8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f1eff6; --dim: #b3afc0; --paper: #16151b; --card: #211f29; --line: #7d788c; --act: #b9b0ff; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px 16px; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { width: min(100%, 27rem); padding: 32px; border-radius: 16px; background: var(--card); box-shadow: 0 1px 2px #0002, 0 12px 32px #0001; }
h1 { margin: 0 0 8px; font-size: 1.375rem; line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 20px; color: var(--dim); }
label { display: block; margin: 0 0 4px; font-weight: 600; font-size: .9375rem; }
input, textarea, select { width: 100%; margin: 0 0 16px; padding: 10px 12px; border: 1px solid var(--line); border-radius: 8px; background: transparent; color: inherit; font: inherit; }
textarea { height: 9rem; font: .8125rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; resize: vertical; }
button { width: 100%; padding: 11px; border: 0; border-radius: 8px; background: var(--act); color: var(--card); font: inherit; font-weight: 600; cursor: pointer; }
::placeholder { color: var(--dim); opacity: 1; }
a { color: var(--act); }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
.wrong { color: #b3261e; font-weight: 600; }
@media (prefers-color-scheme: dark) { .wrong { color: #ffb4ab; } }
`;

/** Allows the page its one style sheet and its one form, and nothing else. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

export type Page = HtmlEscapedString | Promise<HtmlEscapedString>;

/** The form. `wrong`: what was wrong with the last try. */
export function signInPage(appUrl: string, wrong?: string): Page {
  return layout(
    "Identity stand-in",
    html`<h1>This stands in for Clerk</h1>
      <p>Noruxa runs here without any account: whoever types a mail address is that person. No password is asked for and no mail is sent.
      To chat, <a href="${appUrl}">open the app</a>; here you get a token for a script.</p>
      <form method="post" action="/">
        ${wrong ? html`<p class="wrong" role="alert">${wrong}</p>` : ""}
        <label for="email">Mail address</label>
        <input id="email" name="email" type="email" autocomplete="email" required maxlength="254" placeholder="ada@example.com">
        <label for="name">Name (optional)</label>
        <input id="name" name="name" autocomplete="name" maxlength="100">
        <button>Make a token</button>
      </form>`,
  );
}

export function tokenPage({ name, token, minutes }: { name: string; token: string; minutes: number }): Page {
  return layout(
    `Token for ${name}`,
    html`<h1>A token for ${name}</h1>
      <p>Made by a stand-in for Clerk; good for ${minutes} minutes, for this machine only.</p>
      <label for="token">Token</label>
      <textarea id="token" readonly>${token}</textarea>
      <a href="/">Make another</a>`,
  );
}

/** A page of the stand-in, with its one style sheet. */
export function layout(title: string, body: Page): Page {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Noruxa</title><style>${raw(STYLE)}</style></head>
<body><main>${body}</main></body>
</html>`;
}
