import { validationError } from '../aws-errors.ts';

/** A stored item, in the native types of the document client. Stored items are never changed in place. */
export type Item = Readonly<Record<string, unknown>>;

/** DynamoDB's name of a value's type. */
export type TypeName = 'S' | 'N' | 'BOOL' | 'NULL' | 'L' | 'M' | 'B' | 'SS' | 'NS' | 'BS';

/** DynamoDB refuses values nested deeper than this. */
export const nestingDepthMax = 32;

/** The type of a native value; undefined for what DynamoDB cannot hold. */
export function typeOf(value: unknown): TypeName | undefined {
  switch (typeof value) {
    case 'string':
      return 'S';
    case 'number':
    case 'bigint':
      return 'N';
    case 'boolean':
      return 'BOOL';
    case 'object':
      return typeOfObject(value);
    default:
      return undefined;
  }
}

function typeOfObject(value: object | null): TypeName | undefined {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return 'L';
  if (value instanceof Uint8Array) return 'B';
  if (value instanceof Set) {
    const first: unknown = value.values().next().value;
    return typeof first === 'string' ? 'SS' : typeof first === 'number' ? 'NS' : 'BS';
  }
  return isMap(value) ? 'M' : undefined;
}

/** Whether a value is a map of attributes (a plain object). */
export function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A deep copy, so that nobody outside can reach into stored state. */
export function cloneValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneValue);
  if (value instanceof Set) return new Set(value);
  if (value instanceof Uint8Array) return value.slice();
  return cloneItem(value as Item);
}

/** A deep copy of an item. */
export function cloneItem(item: Item): Record<string, unknown> {
  // A spread keeps the object's shape, which is much quicker than adding key by key.
  const copy: Record<string, unknown> = { ...item };
  for (const key in copy) {
    const value = copy[key];
    if (typeof value === 'object' && value !== null) assign(copy, key, cloneValue(value));
  }
  return copy;
}

/** Sets a key of a map, also when the key is `__proto__`. */
export function assign(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

/** A checked deep copy of a value that comes in; refuses what the document client or DynamoDB would refuse. Undefined keys of maps are left out. */
export function importValue(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return importNumber(value);
    case 'object':
      if (value === null) return null;
      return importObject(value, depth);
    default:
      throw new Error(
        `Unsupported type passed: ${typeof value}. Pass options.removeUndefinedValues=true or another value`,
      );
  }
}

function importNumber(value: number): number {
  if (!Number.isFinite(value)) throw new Error(`Special numeric value ${value} is not allowed`);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new Error(
      `Number ${value} is greater than Number.MAX_SAFE_INTEGER. Use NumberValue from @aws-sdk/lib-dynamodb.`,
    );
  }
  return value;
}

function importObject(value: object, depth: number): unknown {
  if (depth > nestingDepthMax) {
    throw validationError('Nesting Levels have exceeded supported limits: Attributes are nested too deeply');
  }
  if (Array.isArray(value)) return value.map((entry) => importValue(entry, depth + 1));
  if (value instanceof Set) {
    if (value.size === 0)
      throw validationError('One or more parameter values were invalid: An string set may not be empty');
    return new Set(value);
  }
  if (value instanceof Uint8Array) return value.slice();
  if (!isMap(value)) {
    throw new Error(
      'Unsupported type passed: a class instance. Pass options.convertClassInstanceToMap=true to marshall it',
    );
  }
  return importItem(value, depth + 1);
}

/** A checked deep copy of an item that comes in. */
export function importItem(item: Item, depth = 1): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...item };
  let isWhole = true;
  for (const key in copy) {
    const value = copy[key];
    if (value === undefined) isWhole = false;
    else if (typeof value !== 'string') assign(copy, key, importValue(value, depth));
  }
  return isWhole ? copy : withoutUndefined(copy);
}

function withoutUndefined(item: Item): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(item)) if (item[key] !== undefined) assign(copy, key, item[key]);
  return copy;
}

/** Deep equality as `=` has it: types must agree, sets ignore order. */
export function equalValues(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((entry, index) => equalValues(entry, b[index]));
  }
  if (a instanceof Set) return b instanceof Set && a.size === b.size && [...a].every((entry) => b.has(entry));
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equalValues(a[key], b[key]))
  );
}

/** Order of two values of one ordered type (S, N, B): negative, 0 or positive; undefined when they cannot be ordered. */
export function compareValues(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return undefined;
}

const firstSurrogate = 0xd800;

/** Order by UTF-8 bytes, which differs from JavaScript's only where surrogates meet the characters above them. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x === y) continue;
    if (x < firstSurrogate || y < firstSurrogate) return x - y;
    const xIsSurrogate = x < 0xe000;
    return xIsSurrogate === y < 0xe000 ? x - y : xIsSurrogate ? 1 : -1;
  }
  return a.length - b.length;
}

/** Decimal sum as DynamoDB has it (0.1 + 0.2 = 0.3), to the precision a double can carry. */
export function addNumbers(a: number, b: number): number {
  const sum = a + b;
  return Number.isInteger(sum) ? sum : Number(sum.toPrecision(15));
}

/** Bytes of a string in UTF-8. */
export function textBytes(text: string): number {
  const length = text.length;
  if (length > 200) return Buffer.byteLength(text);
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(index) > 127) return Buffer.byteLength(text);
  }
  return length;
}

/** Bytes an item takes, by the published rules: names and strings in UTF-8, about a byte per two digits, three bytes a container and one an entry. */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const key in item) bytes += textBytes(key) + valueBytes(item[key]);
  return bytes;
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return textBytes(value);
  if (typeof value === 'number') return numberBytes(value);
  if (typeof value !== 'object' || value === null) return 1;
  let bytes = 3;
  if (Array.isArray(value)) {
    for (const entry of value) bytes += 1 + valueBytes(entry);
    return bytes;
  }
  if (value instanceof Uint8Array) return value.byteLength;
  if (value instanceof Set) {
    bytes = 0;
    for (const entry of value) bytes += valueBytes(entry);
    return bytes;
  }
  const map = value as Item;
  for (const key in map) bytes += 1 + textBytes(key) + valueBytes(map[key]);
  return bytes;
}

function numberBytes(value: number): number {
  if (Number.isInteger(value)) {
    let digits = 1;
    for (let rest = Math.abs(value); rest >= 10; rest /= 10) digits++;
    return Math.ceil(digits / 2) + 1;
  }
  return Math.ceil(String(Math.abs(value)).replace('.', '').length / 2) + 1;
}
