/** What a measurement comes to, and how it is told. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface Measurement {
  name: string;
  value: number;
  unit: "ms" | "per second" | "MB" | "re-runs" | "documents" | "ranges" | "transactions";
  /** What it is measured against, in the same run on the same machine. */
  against?: { name: string; value: number };
  /** What must be reached, where something must. */
  target?: Target;
}

/** A bound of the value itself, of its ratio to what it is measured against, or of how much it is more than that. */
export type Target = { of: "value" | "ratio" | "difference" } & ({ atMost: number } | { atLeast: number });

/** Frees what nobody uses any more, so that what is measured is what is needed. */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const pair = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return pair.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0) / 2;
}

/** The smallest of the values that 99 of 100 do not exceed. */
export function percentile99(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}

/** Whether the target is reached, if there is one. */
export function isReached({ value, against, target }: Measurement): boolean {
  if (!target) return true;
  const measured = measuredBy(target.of, value, against?.value ?? Number.NaN);
  return "atMost" in target ? measured <= target.atMost : measured >= target.atLeast;
}

function measuredBy(of: Target["of"], value: number, against: number): number {
  if (of === "value") return value;
  return of === "ratio" ? value / against : value - against;
}

/** A table for a person: one measurement a line, ratios beside them. */
export function formatTable(measurements: Measurement[]): string {
  const rows = measurements.map((measurement) => {
    const { name, value, unit, against } = measurement;
    const ratio = against && `${round(value / against.value)} × ${against.name} (${round(against.value)})`;
    return [name, `${round(value)} ${unit}`, ratio ?? "", asked(measurement), verdict(measurement)];
  });
  const table = [["what", "measured", "beside", "asked", "verdict"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** "at most 300 ms", "at least 0.4 ×". */
function asked({ unit, target }: Measurement): string {
  if (!target) return "";
  const suffix = { value: ` ${unit}`, ratio: " ×", difference: ` ${unit} more` }[target.of];
  return "atMost" in target ? `at most ${target.atMost}${suffix}` : `at least ${target.atLeast}${suffix}`;
}

/** "✓", or by how much it falls short. */
function verdict(measurement: Measurement): string {
  const { value, against, target } = measurement;
  if (!target) return "";
  if (isReached(measurement)) return "✓";
  const limit = "atMost" in target ? target.atMost : target.atLeast;
  return `✗ missed by ${round(Math.abs(measuredBy(target.of, value, against?.value ?? Number.NaN) - limit))}`;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
