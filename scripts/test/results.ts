/** Where a whole test run leaves its results, below the project's root. */
export const TEST_RESULTS = "dist/test-results.json";
