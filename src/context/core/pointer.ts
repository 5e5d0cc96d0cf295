import type { Json } from '../../contracts/json.ts';

/** An object of JSON, as opposed to a list or a plain value. */
export type JsonObject = Readonly<Record<string, Json>>;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The keys of a JSON Pointer (RFC 6901). */
export function keysOf(pointer: string): readonly string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The JSON Pointer of these keys. */
export function pointerOf(keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

const listIndex = /^(0|[1-9][0-9]*)$/;

function child(value: Json | undefined, key: string): Json | undefined {
  if (isList(value)) return listIndex.test(key) ? value[Number(key)] : undefined;
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The value at a place; undefined where there is none. */
export function valueAt(value: Json, keys: readonly string[]): Json | undefined {
  return keys.reduce<Json | undefined>((at, key) => child(at, key), value);
}

/**
 * Whether a value can be put at a place without taking another one away: what is on the way there is nothing yet (null counts as nothing), an object, or
 * a list that has the index or ends before it.
 */
export function canHold(whole: Json | undefined, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined || whole === undefined || whole === null) return true;
  if (isList(whole) ? !listIndex.test(key) || Number(key) > whole.length : !isObject(whole)) return false;
  return canHold(child(whole, key), rest);
}

/**
 * A copy with another value at a place; undefined takes the place away. A place whose parent is missing is made of objects when a value is put
 * there, and left alone when it is taken away. Undefined as the whole answer: nothing is left.
 */
export function withValueAt(
  whole: Json | undefined,
  keys: readonly string[],
  value: Json | undefined,
): Json | undefined {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (isList(whole)) {
    if (!listIndex.test(key) || Number(key) > whole.length) return whole;
    const inside = withValueAt(whole[Number(key)], rest, value);
    return inside === undefined
      ? whole.filter((_, index) => index !== Number(key))
      : whole.toSpliced(Number(key), 1, inside);
  }
  if (!isObject(whole)) return value === undefined ? whole : withValueAt({}, keys, value);
  const inside = withValueAt(child(whole, key), rest, value);
  if (inside === undefined) return Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key));
  return { ...whole, [key]: inside };
}

/** True when the place `inner` is `outer` or lies in it. */
export function liesIn(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`);
}

/** Whether two values are the same JSON. The order of keys says nothing. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((each, index) => sameJson(each, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}
