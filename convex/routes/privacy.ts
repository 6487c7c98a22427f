import { NOTICE_STYLE, noticePage, privacyNotice } from "../../src/policy/notice.ts";
import { toBase64, utf8 } from "../../src/shared/bytes.ts";
import { httpAction } from "../_generated/server.js";
import { respond, respondJson } from "./responses.ts";

/** `GET /privacy`: what is promised, what is kept and why, and whom to ask, for people. */
export const privacyPage = httpAction(async (_ctx, request) =>
  respond(request, noticePage(notice()), {
    headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": await noticePolicy() },
  }),
);

/** `GET /privacy.json`: the same for programs. */
export const privacyJson = httpAction(async (_ctx, request) => respondJson(request, notice()));

/** Lets the page have its one style and nothing else. Not a sandbox, in which the link to write mail would not work. */
async function noticePolicy(): Promise<string> {
  const hash = toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(NOTICE_STYLE))));
  return `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
}

function notice() {
  const { OPERATOR_NAME: name = "", PRIVACY_EMAIL: email = "" } = process.env;
  return privacyNotice({ name, email });
}
