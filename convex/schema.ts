import { defineSchema } from "convex/server";
import { accountTables } from "./account/schema.ts";
import { billingTables } from "./billing/schema.ts";
import { encryptionTables } from "./encryption/schema.ts";
import { erasureTables } from "./erasure/schema.ts";
import { exportTables } from "./exports/schema.ts";
import { importTables } from "./imports/schema.ts";
import { legalHoldTables } from "./legalHolds/schema.ts";
import { mediaTables } from "./media/schema.ts";
import { messageTables } from "./messages/schema.ts";
import { privacyTables } from "./privacy/schema.ts";
import { threadTables } from "./threads/schema.ts";
import { usageTables } from "./usage/schema.ts";
import { webhookTables } from "./webhooks/schema.ts";
import { workspaceTables } from "./workspaces/schema.ts";

export default defineSchema({
  ...accountTables,
  ...workspaceTables,
  ...encryptionTables,
  ...threadTables,
  ...messageTables,
  ...mediaTables,
  ...billingTables,
  ...usageTables,
  ...webhookTables,
  ...privacyTables,
  ...legalHoldTables,
  ...erasureTables,
  ...exportTables,
  ...importTables,
});
