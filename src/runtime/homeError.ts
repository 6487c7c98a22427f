/** A reason the embedded home cannot start: one sentence that says what is wrong and what to do. */
export class HomeError extends Error {
  override readonly name = "HomeError";
}
