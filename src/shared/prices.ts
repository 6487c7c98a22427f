/*
 * [Note: Prices]
 * Prices are data of the model catalogue, in whole credits, each valid from a moment on. Work is charged at the price
 * that applied when its hold was placed, and entries carry credits, not prices: so a new price changes nothing that was
 * charged before it. Amounts are rounded up, to whole credits.
 */

/** A price that applies from a moment until the next one does. */
interface Dated {
  /** Milliseconds since the epoch. */
  validFromAt: number;
}

/** Credits for each 1,000 tokens. */
export interface TokenPrice extends Dated {
  inputPer1000: number;
  outputPer1000: number;
}

/** Credits for one image, by its size such as `1024x1024`. */
export interface ImagePrice extends Dated {
  perImage: Readonly<Record<string, number>>;
}

/** Credits for each second of video. */
export interface VideoPrice extends Dated {
  perSecond: number;
}

/** What a chat model costs where its entry in `CHAT_MODELS` names no price. */
export const DEFAULT_TOKEN_PRICES: readonly [TokenPrice] = [{ validFromAt: 0, inputPer1000: 1, outputPer1000: 4 }];

/** The price that applies at a moment: the newest that has begun, or the first of all before any has. */
export function priceAt<Price extends Dated>(prices: readonly [Price, ...Price[]], atMs: number): Price {
  const begun = prices.filter(({ validFromAt }) => validFromAt <= atMs);
  if (begun.length === 0)
    return prices.reduce((first, price) => (price.validFromAt < first.validFromAt ? price : first));
  return begun.reduce((newest, price) => (price.validFromAt > newest.validFromAt ? price : newest));
}

/** Whole credits for that many tokens; at least one, since every call of a model costs something. */
export function tokenCredits(price: TokenPrice, tokens: { inputTokens: number; outputTokens: number }): number {
  const { inputTokens, outputTokens } = tokens;
  return Math.max(1, Math.ceil((inputTokens * price.inputPer1000 + outputTokens * price.outputPer1000) / 1000));
}

/** Credits for images of one size, or null for a size that has no price. */
export function imageCredits(price: ImagePrice, { size, images }: { size: string; images: number }): number | null {
  const each = price.perImage[size];
  return each === undefined ? null : each * images;
}

/** Whole credits for a video. */
export function videoCredits(price: VideoPrice, seconds: number): number {
  return Math.ceil(price.perSecond * seconds);
}

/**
 * Reads the prices of a chat model: `[{ "from"?: "2026-01-01", "input": 1, "output": 4 }]`, in whole credits for each
 * 1,000 tokens. Throws an Error that begins with `where`.
 */
export function parseTokenPrices(where: string, value: unknown): readonly [TokenPrice, ...TokenPrice[]] {
  if (value === undefined) return DEFAULT_TOKEN_PRICES;
  return parsePrices(where, value, (at, { input, output }) => ({
    inputPer1000: parseCredits(`${at}.input`, input),
    outputPer1000: parseCredits(`${at}.output`, output),
  }));
}

/**
 * Reads the prices of an image model: `[{ "from"?: "2026-01-01", "sizes": { "1024x1024": 40 } }]`, in whole credits for
 * each image. Throws an Error that begins with `where`.
 */
export function parseImagePrices(where: string, value: unknown): readonly [ImagePrice, ...ImagePrice[]] {
  return parsePrices(where, value, (at, { sizes }) => ({ perImage: parseSizes(`${at}.sizes`, sizes) }));
}

/**
 * Reads the prices of a video model: `[{ "from"?: "2026-01-01", "perSecond": 20 }]`, in whole credits. Throws an Error
 * that begins with `where`.
 */
export function parseVideoPrices(where: string, value: unknown): readonly [VideoPrice, ...VideoPrice[]] {
  return parsePrices(where, value, (at, { perSecond }) => ({
    perSecond: parseCredits(`${at}.perSecond`, perSecond),
  }));
}

function parsePrices<Amounts>(
  where: string,
  value: unknown,
  parseAmounts: (at: string, entry: Record<string, unknown>) => Amounts,
): readonly [Amounts & Dated, ...(Amounts & Dated)[]] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${where} must be an array of prices`);
  const prices = value.map((entry: unknown, index) => {
    const at = `${where}[${index}]`;
    if (typeof entry !== "object" || entry === null) throw new Error(`${at} must be an object`);
    const { from, ...amounts } = entry as Record<string, unknown>;
    return { validFromAt: parseDate(`${at}.from`, from), ...parseAmounts(at, amounts) };
  });
  return prices as [Amounts & Dated, ...(Amounts & Dated)[]];
}

function parseDate(where: string, from: unknown = "1970-01-01"): number {
  const validFromAt = typeof from === "string" ? Date.parse(from) : Number.NaN;
  if (Number.isNaN(validFromAt)) throw new Error(`${where} must be a date such as 2026-01-31`);
  return validFromAt;
}

function parseSizes(where: string, value: unknown): Record<string, number> {
  const sizes = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (sizes.length === 0) throw new Error(`${where} must name at least one size`);
  return Object.fromEntries(
    sizes.map(([size, credits]) => {
      if (!/^[1-9]\d{1,4}x[1-9]\d{1,4}$/.test(size)) throw new Error(`${where} must name sizes such as 1024x1024`);
      return [size, parseCredits(`${where}.${size}`, credits)];
    }),
  );
}

function parseCredits(where: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new Error(`${where} must be a whole number of credits`);
  return value as number;
}
