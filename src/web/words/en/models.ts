import { formats } from "./formats.ts";

const credits = (amount: number) => formats.count(amount, { one: "credit", other: "credits" });

/** The models and their prices. */
export const models = {
  model: "Model",
  chosen: (label: string) => `Model: ${label}`,
  /** Prices are for a thousand tokens, which is about 750 words. */
  prices: (read: number, written: number) =>
    `${credits(read)} to read and ${credits(written)} to write 750 words or so`,
};
