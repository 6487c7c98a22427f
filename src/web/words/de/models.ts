import type { models as english } from "../en/models.ts";
import { formats } from "./formats.ts";

const credits = (amount: number) => formats.count(amount, { one: "Credit", other: "Credits" });

export const models: typeof english = {
  model: "Modell",
  chosen: (label: string) => `Modell: ${label}`,
  prices: (read: number, written: number) =>
    `${credits(read)} fürs Lesen und ${credits(written)} fürs Schreiben von rund 750 Wörtern`,
};
