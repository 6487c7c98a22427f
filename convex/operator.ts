import { operatorQuery } from "./lib/functions.ts";
import { loadOverview, vOperatorOverview } from "./operator/state.ts";

/**
 * How the service stands, for whoever runs it: counts, ids and times, never content and never a name. Throws `forbidden`
 * for everybody else.
 */
export const overview = operatorQuery({
  args: {},
  returns: vOperatorOverview,
  handler: (ctx) => loadOverview(ctx.db, Date.now()),
});
