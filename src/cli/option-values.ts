import { InvalidArgumentError } from 'commander';
import { budgetTokensMax, budgetUsdMax } from '../contracts/limits.ts';

/** Reads an option that is a whole number of a range; anything else is wrong usage. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `, ${min} or more` : ` from ${min} to ${max}`;
    throw new InvalidArgumentError(`It must be a whole number${range}.`);
  };
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time as people write it. */
function showLength(ms: number): string {
  const [unit, size] = Object.entries(unitMs).findLast(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

/** Reads an option that is a length of time with its unit (`500ms`, `30s`, `10m`, `2h`, `7d`), in milliseconds. */
export function milliseconds(min: number, max: number): (text: string) => number {
  return (text) => {
    const { amount = '', unit = '' } = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|[smhd])$/.exec(text)?.groups ?? {};
    const value = Math.round(Number(amount) * (unitMs[unit] ?? Number.NaN));
    if (value >= min && value <= max) return value;
    const most = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${showLength(max)}`;
    throw new InvalidArgumentError(
      `It must be a time with its unit (30s, 10m, 2h, 7d), from ${showLength(min)}${most}.`,
    );
  };
}

/** Reads an option that is a number of a range. */
export function numberFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
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
