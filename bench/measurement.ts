/** What a measurement comes to, and how it is told. */

export interface Measurement {
  name: string;
  value: number;
  unit: "ms" | "per second";
  /** What it is measured against, in the same run on the same machine. */
  against?: { name: string; value: number };
  /** What must be reached, where something must. */
  target?: number;
}

/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const pair = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return pair.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0) / 2;
}

/** A table for a person: one measurement a line, ratios beside them. */
export function formatTable(measurements: Measurement[]): string {
  const rows = measurements.map(({ name, value, unit, against, target }) => [
    name,
    `${round(value)} ${unit}`,
    against ? `${round(value / against.value)} × ${against.name} (${round(against.value)})` : "",
    target === undefined ? "" : `${value <= target ? "✓" : "✗"} at most ${target}`,
  ]);
  const table = [["measured", "value", "ratio", "target"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
