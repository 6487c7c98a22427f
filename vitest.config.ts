import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Component test helpers ship TypeScript that uses `import.meta.glob`, which only Vite's own transform understands. */
const inlined = ["convex-test", "@convex-dev/rate-limiter", "@convex-dev/batch-worker", "@convex-dev/workpool"];

/** Tests that start whole homes or browsers wait for real processes. */
const PROCESS_TIMEOUT_MS = 60_000;
/** What is polled for is there within moments, but not on a machine whose cores are all taken. */
const POLL_TIMEOUT_MS = 15_000;

/** Around the backend: the embedded runtime, the page, the project itself. */
const around = ["test/{runtime,web,promises,doctor,scripts}/**/*.test.{ts,tsx}"];

/** Whole homes as child processes, and browsers. Everything else tests the backend's functions on convex-test. */
const whole = ["test/{contract,home,browser}/**/*.test.ts"];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "functions",
          include: ["test/*/**/*.test.ts"],
          exclude: [...around, ...whole],
          // Nothing here waits for anything, but machines differ, and share their cores with others.
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "runtime",
          include: around,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "home",
          include: whole,
          testTimeout: PROCESS_TIMEOUT_MS,
          hookTimeout: PROCESS_TIMEOUT_MS,
          expect: { poll: { timeout: POLL_TIMEOUT_MS } },
        },
      },
    ],
    server: { deps: { inline: inlined } },
    // One more than there are cores: while whole homes start and stop, a test waits and a core would rest.
    maxWorkers: availableParallelism() + 1,
  },
});
