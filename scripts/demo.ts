/**
 * `npm run demo`: a scripted tour against a throw-away home, over real sockets and with the official clients. Prints
 * each step with its evidence; exits 1 when one fails.
 */
import { startHome } from "../test/support/home.ts";
import { stations, type Tour } from "./demo/tour.ts";

const startedMs = performance.now();
const home = await startHome();
console.log(`A home of its own answers at ${home.urls.web} after ${Math.round(home.startMs)} ms.\n`);
const tour = { home, said: [] as string[], threadId: "" } as unknown as Tour;
try {
  for (const [index, station] of stations.entries()) {
    const evidence = await station.visit(tour);
    console.log(`✓ ${index + 1}. ${station.title}\n${evidence.map((line) => `     ${line}\n`).join("")}`);
  }
  console.log(`All of it held, in ${Math.round((performance.now() - startedMs) / 1000)} s.`);
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.stack : error}\n\nThe home had printed:\n${home.printed()}`);
  process.exitCode = 1;
} finally {
  await tour.ada?.leave();
  await home.dispose();
}
