import { type Json, jsonDepthMax } from '../../../contracts/json.ts';

/** Values inside one result. More: one that refers to itself many times over would fill the memory when it is written out. */
const valuesMax = 1_000_000;

/**
 * A copy of a JSONata result with nothing in it but JSON: its sequences are arrays that carry functions of their own. Undefined when there is
 * anything else inside, or too much, or too deep.
 */
export function plainJson(value: unknown): Json | undefined {
  let seen = 0;
  const copy = (current: unknown, depth: number): Json => {
    seen += 1;
    if (current === null || typeof current === 'boolean' || typeof current === 'string') return current;
    if (typeof current === 'number' && Number.isFinite(current)) return current;
    if (typeof current !== 'object' || depth >= jsonDepthMax || seen > valuesMax) throw new TypeError('not JSON');
    if (Array.isArray(current)) return current.map((each) => copy(each, depth + 1));
    const entries = Object.entries(current).filter(([, each]) => each !== undefined);
    return Object.fromEntries(entries.map(([key, each]) => [key, copy(each, depth + 1)]));
  };
  try {
    return copy(value, 0);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
