/** How Node runs the project's programs. */
export const FLAGS = ["--disable-warning=ExperimentalWarning"];

/** The program of a home, from the project's root. */
export const HOME = "src/runtime/main.ts";

/** How Node runs a home. Where a machine has much memory, V8 lets what lives shortly pile up to 128 MiB and keeps that. */
export const HOME_FLAGS = [...FLAGS, "--max-semi-space-size=16"];
