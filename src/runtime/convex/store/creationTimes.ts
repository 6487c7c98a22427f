/**
 * Creation times: milliseconds since the epoch, with a fraction that keeps them unique and rising in the order of
 * insertion, as in Convex. Around now a float64 tells 4,096 moments per millisecond apart.
 */
export class CreationTimes {
  readonly #float = new Float64Array(1);
  readonly #bits = new BigInt64Array(this.#float.buffer);

  /** `nowMs`, or the next float above the last one given. */
  next(nowMs: number): number {
    if (nowMs > (this.#float[0] as number)) this.#float[0] = nowMs;
    else this.#bits[0] = (this.#bits[0] as bigint) + 1n;
    return this.#float[0] as number;
  }
}
