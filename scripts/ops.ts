/** `npm run ops -- <command>`: what operators do to a deployment. Nothing is changed without `--apply`. */
import { parseArgs } from "node:util";
import type { Command } from "./ops/command.ts";
import { creditsAdjust, creditsRefund } from "./ops/corrections.ts";
import { connect } from "./ops/deployment.ts";
import { erasureStatus } from "./ops/erasureStatus.ts";
import { hold } from "./ops/hold.ts";
import { importExport } from "./ops/importExport.ts";
import { inbox } from "./ops/inbox.ts";
import { orphans } from "./ops/orphans.ts";
import { outbox } from "./ops/outbox.ts";
import { privacyRequest } from "./ops/privacyRequest.ts";
import { receipts } from "./ops/receipts.ts";
import { reconcile } from "./ops/reconcile.ts";
import { replay } from "./ops/replay.ts";
import { retentionPreview } from "./ops/retentionPreview.ts";
import { rotateKeys } from "./ops/rotateKeys.ts";
import { suspend } from "./ops/suspend.ts";
import { usageReconcile } from "./ops/usageReconcile.ts";
import { webhookReplay } from "./ops/webhookReplay.ts";

const commands: readonly Command[] = [
  retentionPreview,
  erasureStatus,
  receipts,
  replay,
  outbox,
  orphans,
  reconcile,
  rotateKeys,
  inbox,
  webhookReplay,
  hold,
  privacyRequest,
  importExport,
  suspend,
  usageReconcile,
  creditsRefund,
  creditsAdjust,
];

const OPTIONS = {
  apply: { type: "boolean", default: false },
  lift: { type: "boolean", default: false },
  matter: { type: "string" },
  review: { type: "string" },
  chat: { type: "string" },
  out: { type: "string" },
  user: { type: "string" },
  url: { type: "string" },
  data: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

try {
  process.exitCode = await operate(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function operate(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [name, ...subjects] = positionals;
  if (name === undefined) return tell(usage());
  const command = commands.find((each) => each.name === name);
  if (!command) throw new Error(`There is no command "${name}".\n\n${usage()}`);
  if (values.help) return tell(usageOf(command));
  const { url, data, help: _, ...flags } = values;
  const deployment = connect({ url, data }, process.env);
  const code = await command.run({ ...flags, deployment, subjects, print: console.log });
  if (!values.apply && !command.isReport) console.log("Nothing was changed. --apply does it.");
  return code;
}

function tell(text: string): number {
  console.log(text);
  return 0;
}

function usageOf({ synopsis, purpose, details = [], isReport = false }: Command): string {
  const lines = details.length > 0 ? ["", ...details] : [];
  return [`npm run ops -- ${synopsis}${isReport ? "" : " [--apply]"}`, "", purpose, ...lines].join("\n");
}

function usage(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    "npm run ops -- <command> [--apply]",
    "",
    ...commands.map(({ name, purpose }) => `  ${name.padEnd(width)}  ${purpose}`),
    "",
    "  --help       after a command: what it takes",
    "  --apply      does it; without it a command says what it would do",
    "  --url URL    the deployment (CONVEX_SELF_HOSTED_URL, else http://127.0.0.1:3210)",
    "  --data DIR   data folder of an embedded home, which holds its admin key (.noruxa)",
    "",
    "The admin key of another deployment is read from CONVEX_SELF_HOSTED_ADMIN_KEY or CONVEX_DEPLOY_KEY.",
  ].join("\n");
}
