import { noticePage, privacyNotice } from "../../src/policy/notice.ts";
import { httpAction } from "../_generated/server.js";
import { respond, respondJson } from "./responses.ts";

/** `GET /privacy`: what is promised, what is kept and why, and whom to ask, for people. */
export const privacyPage = httpAction(async (_ctx, request) =>
  respond(request, noticePage(notice()), { headers: { "Content-Type": "text/html; charset=utf-8" } }),
);

/** `GET /privacy.json`: the same for programs. */
export const privacyJson = httpAction(async (_ctx, request) => respondJson(request, notice()));

function notice() {
  const { OPERATOR_NAME: name = "", PRIVACY_EMAIL: email = "" } = process.env;
  return privacyNotice({ name, email });
}
