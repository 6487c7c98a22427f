/**
 * `npm run demo`: a scripted tour against a throw-away home, over real sockets and with the official clients. Prints
 * each step with its evidence; exits 1 when one fails.
 */
import { type Home, startHome } from "../test/support/home.ts";
import { beginTour, stations } from "./demo/tour.ts";

const startedMs = performance.now();
const home = await startHome();
try {
  console.log(`A home of its own answers at ${home.urls.web} after ${Math.round(home.startMs)} ms.\n`);
  await visitAll(home);
  console.log(`All of it held, in ${Math.round((performance.now() - startedMs) / 1000)} s.`);
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.stack : error}\n\nThe home had printed:\n${home.printed()}`);
  process.exitCode = 1;
} finally {
  await home.dispose();
}

async function visitAll(place: Home): Promise<void> {
  const tour = await beginTour(place);
  try {
    for (const [index, { title, visit }] of stations.entries()) {
      const evidence = await visit(tour);
      console.log(`✓ ${index + 1}. ${title}\n${evidence.map((line) => `     ${line}\n`).join("")}`);
    }
  } finally {
    await tour.ada.leave();
  }
}
