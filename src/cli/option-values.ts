import { InvalidArgumentError } from 'commander';

/** Reads an option that is a whole number of a range; anything else is wrong usage. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

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
