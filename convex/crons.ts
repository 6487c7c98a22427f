import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

/*
 * What runs by the clock. A deployment that a backup is brought back to is pushed with RESTORING=true and has none of it, so
 * that nothing ends by its age before the ledger has said what was pinned or held since: see [Note: Erasure ledger].
 */
const crons = cronJobs();

if (process.env.RESTORING !== "true") {
  crons.interval("remove chats past their period", { hours: 1 }, internal.threads.expiry.sweep, {});
  crons.interval("remove temporary chats", { hours: 1 }, internal.threads.expiry.sweep, { state: "temporary" });
  crons.interval("erase accounts whose time of grace is over", { hours: 1 }, internal.account.closing.eraseDue, {});
  crons.interval("lock closed accounts at last", { minutes: 5 }, internal.account.closing.resumeLocks, {});
  crons.interval("take up silent erasures", { minutes: 1 }, internal.erasure.steps.resumeSilent, {});
  crons.cron("compare accounts with identities", "47 2 * * *", internal.erasure.reconciliation.begin, {});
  crons.interval("take up a look that fell silent", { minutes: 30 }, internal.erasure.reconciliation.resumeSilent, {});
  crons.interval("delete old receipts", { hours: 24 }, internal.erasure.receipts.sweep, {});
  crons.interval("delete people's old receipts", { hours: 24 }, internal.privacy.proofs.sweep, {});
  crons.interval("delete entries of the ledger that no backup needs", { hours: 24 }, internal.erasure.ledger.sweep, {});
  crons.interval("delete old tombstones", { hours: 24 }, internal.erasure.ending.sweepTombstones, {});
  crons.interval(
    "delete billing records past their period",
    { hours: 24 },
    internal.erasure.receipts.sweepRetained,
    {},
  );
  crons.interval("end abandoned replies", { seconds: 30 }, internal.messages.leases.endAbandoned, {});
  crons.interval("move silent media jobs on", { minutes: 1 }, internal.media.making.resumeSilent, {});
  crons.interval("delete old media jobs", { hours: 24 }, internal.media.making.sweep, {});

  crons.interval("release holds nobody settled", { minutes: 5 }, internal.usage.holds.sweep, {});
  crons.interval("listen for webhooks", { minutes: 15 }, internal.webhooks.silence.listen, {});
  crons.interval("delete old webhooks", { hours: 6 }, internal.webhooks.inbox.sweep, {});
  crons.interval("delete the bytes that nothing names", { minutes: 1 }, internal.media.deletes.kick, {});
  crons.interval("give back the orders that are over", { minutes: 1 }, internal.media.returns.kick, {});
  crons.interval("give up uploads that were abandoned", { minutes: 30 }, internal.media.reservations.sweep, {});
  crons.interval("remove uploads that no message took up", { minutes: 30 }, internal.media.uploads.sweepLoose, {});
  crons.interval("make thumbnails that were cut off", { minutes: 5 }, internal.media.thumbnailing.retryDue, {});
  crons.interval("delete media sessions that are over", { hours: 1 }, internal.media.sessions.sweep, {});
  crons.interval("move silent exports on", { minutes: 5 }, internal.exports.steps.resumeSilent, {});
  crons.interval("delete exports past their time", { hours: 1 }, internal.exports.steps.sweep, {});
  crons.interval("look at legal holds", { hours: 24 }, internal.legalHolds.placing.look, {});
  crons.interval("look at open requests about data", { hours: 24 }, internal.privacy.register.look, {});
  crons.cron("compare the bucket with the database", "17 3 * * *", internal.media.strays.beginPass, {});
  crons.cron("reconcile credits", "30 3 * * *", internal.usage.reconciling.reconcileAll, {});
}

export default crons;
