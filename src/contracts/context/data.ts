import * as z from 'zod';
import { type Json, jsonDepthMax } from '../json.ts';
import { documentBytesMax } from '../limits.ts';

/** A JSON Pointer (RFC 6901); the empty one is the whole. */
export const pointer = z
  .string()
  .max(1_024)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'not a JSON Pointer (RFC 6901)');

/** What is wrong with a value as a document's data, and where; undefined when nothing is. Iterative, so that hostile nesting cannot exhaust the stack. */
function dataFault(root: unknown): { readonly message: string; readonly path: PropertyKey[] } | undefined {
  interface Place {
    readonly value: unknown;
    readonly depth: number;
    readonly key?: PropertyKey;
    readonly parent?: Place;
  }
  const fault = (message: string, place: Place) => {
    const path: PropertyKey[] = [];
    for (let at: Place | undefined = place; at?.key !== undefined; at = at.parent) path.unshift(at.key);
    return { message, path };
  };
  const open: Place[] = [{ value: root, depth: 0 }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value, depth } = place;
    if (value === null || typeof value === 'boolean') continue;
    if (typeof value === 'string') {
      if (!value.isWellFormed()) return fault('half of a surrogate pair is no UTF-8 text', place);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) return fault('not a JSON number', place);
    } else if (typeof value !== 'object') return fault('not a JSON value', place);
    else if (depth >= jsonDepthMax) return fault(`more than ${String(jsonDepthMax)} levels deep`, place);
    else if (Array.isArray(value)) {
      for (const [index, child] of value.entries())
        open.push({ value: child, depth: depth + 1, key: index, parent: place });
    } else {
      for (const [key, child] of Object.entries(value)) {
        const inside = { value: child as unknown, depth: depth + 1, key, parent: place };
        // Such a key changes what an object is when it is copied without care, and no JSON of good faith has it.
        if (key === '__proto__') return fault('the key "__proto__" is not allowed', inside);
        if (!key.isWellFormed()) return fault('half of a surrogate pair is no UTF-8 text', inside);
        open.push(inside);
      }
    }
  }
  return undefined;
}

const encoder = new TextEncoder();

/** The size of a value as it is stored: bytes of its JSON text. */
export function jsonBytes(value: unknown): number {
  return encoder.encode(JSON.stringify(value)).byteLength;
}

/** A check of how large a value is as it is stored. */
export const atMostBytes = (bytesMax: number) =>
  [
    (value: unknown) => jsonBytes(value) <= bytesMax,
    { error: `more than ${String(bytesMax)} bytes, which do not fit into its row` },
  ] as const;

/** A document's data: any JSON value within depth and size, well-formed, without keys that poison copies. */
export const contextData = z.custom<Json>().superRefine((value, context) => {
  const found = dataFault(value);
  if (found !== undefined) {
    context.addIssue({ code: 'custom', ...found });
    return;
  }
  const bytes = jsonBytes(value);
  if (bytes > documentBytesMax)
    context.addIssue({
      code: 'custom',
      message: `${String(bytes)} bytes are more than the ${String(documentBytesMax)} of a document`,
    });
});
