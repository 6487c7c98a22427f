/** What can be bought once, by the slug it has at the billing processor: whole credits that do not expire. */
export const TOP_UPS: Readonly<Record<string, { label: string; credits: number; cents: number }>> = {
  "credits-10000": { label: "10,000 credits", credits: 10_000, cents: 600 },
};
