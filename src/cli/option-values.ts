import { InvalidArgumentError } from 'commander';
import { budgetTokensMax, budgetUsdMax } from '../contracts/limits.ts';

/** Reads an option that is a whole number of a range; anything else is wrong usage. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Reads an option that is a number above 0 and up to `max`. */
function above0(max: number, what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value > 0 && value <= max) return value;
    throw new InvalidArgumentError(`It must be ${what}.`);
  };
}

/** Dollars. */
export const dollars = above0(budgetUsdMax, 'a number of dollars above 0');

/** Tokens. */
export const tokenCount = wholeNumber(1, budgetTokensMax);

/** A share of something. */
export const share = above0(1, 'a share above 0 and below 1');

/** The port of a service. */
export const port = wholeNumber(1, 65_535);

/** Items to a page of a listing. */
export const pageSize = wholeNumber(1, 100);

/** A moment, RFC 3339. */
export function moment(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('It must be a time such as 2026-11-23T01:00:00Z.');
  return new Date(at).toISOString();
}
