import * as z from 'zod';

/** Nesting of a JSON value that crosses a border. Deeper: recursive readers run out of stack. */
export const jsonDepthMax = 100;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** True for a JSON value within the depth limit. Iterative, so that hostile nesting cannot exhaust the stack. */
function isJson(value: unknown): value is Json {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const current = next.value;
    if (current === null || typeof current === 'boolean' || typeof current === 'string') continue;
    if (typeof current === 'number') {
      if (!Number.isFinite(current)) return false;
      continue;
    }
    if (typeof current !== 'object' || next.depth >= jsonDepthMax) return false;
    for (const child of Object.values(current)) open.push({ value: child, depth: next.depth + 1 });
  }
  return true;
}

/** Any JSON value, at most `jsonDepthMax` deep. */
export const json = z.custom<Json>(isJson, { error: `not a JSON value of at most ${String(jsonDepthMax)} levels` });

/** The text of a value with sorted keys: equal values have equal texts, so their hash tells a repeat from a conflict. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
