/** Digits as people write card numbers: 14 to 19 of them, in groups or not. */
const CARD_LIKE = /(?<![\d.])[2-6](?:[ -]?\d){13,18}(?![\d.])/gu;

/** Whether a text holds what may be the number of a payment card: its length, its first digit and its check digit fit. */
export function holdsCardNumber(text: string): boolean {
  return (text.match(CARD_LIKE) ?? []).some((digits) => passesLuhn(digits.replace(/\D/gu, "")));
}

/** The check of ISO/IEC 7812-1. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += index % 2 === 1 ? doubled : digit;
  }
  return sum % 10 === 0;
}
