import type * as z from 'zod';
import { CadreError, type Fault } from './errors.ts';

/** `tasks[3].priority`: the way a path is shown everywhere. */
function showPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((shown, key) => {
    if (typeof key === 'number') return `${shown}[${String(key)}]`;
    return shown === '' ? String(key) : `${shown}.${String(key)}`;
  }, '');
}

/** Turns zod's issues into faults with the path of each offending key; an unknown key is named itself. */
function toFaults(error: z.ZodError, prefix: readonly PropertyKey[]): Fault[] {
  return error.issues.flatMap((issue) => {
    const at = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key): Fault => ({
        code: 'invalid-input',
        message: `unknown key "${key}"`,
        path: showPath([...at, key]),
      }));
    }
    return [{ code: 'invalid-input', message: issue.message, path: showPath(at) } satisfies Fault];
  });
}

/** A value that is nested so deep that reading it exhausts the stack has no shape that we know. */
function safely<S extends z.ZodType>(schema: S, value: unknown) {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CadreError('invalid-input', 'input: it is nested too deeply', { cause });
  }
}

/** Parses a value at a border. Throws CadreError `invalid-input` that lists all faults with their paths. */
export function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  prefix: readonly PropertyKey[] = [],
): z.output<S> {
  const parsed = safely(schema, value);
  if (parsed.success) return parsed.data;
  const faults = toFaults(parsed.error, prefix);
  const first = faults[0];
  throw new CadreError(
    'invalid-input',
    first ? `${first.path === undefined || first.path === '' ? 'input' : first.path}: ${first.message}` : undefined,
    {
      faults,
      ...(first?.path === undefined ? {} : { path: first.path }),
    },
  );
}

/** Parses JSON text at a border. Throws CadreError `invalid-json` or `invalid-input`. */
export function parseJson<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CadreError('invalid-json', cause instanceof Error ? cause.message : undefined, { cause });
  }
  return parse(schema, value);
}
