import type * as z from 'zod';
import { CadreError, type Fault } from './errors.ts';

/** `tasks[3].priority`: the way a path is shown everywhere. */
function showPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((shown, key) => {
    if (typeof key === 'number') return `${shown}[${String(key)}]`;
    return shown === '' ? String(key) : `${shown}.${String(key)}`;
  }, '');
}

/** One thing that is wrong with a value: where, as keys, and what. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * A union says of each of its members why the value is none of it. What counts is the one member that the value seems to be meant for: it has that member's type,
 * and, among several, something deeper is wrong than that it is none of the allowed values; among several of these, it knows most of the keys.
 */
function meantIn(members: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  for (const codes of [['invalid_type', 'invalid_value'], ['invalid_type']]) {
    const isOther = ({ code, path }: z.core.$ZodIssue): boolean => path.length === 0 && codes.includes(code);
    const possible = members.filter((issues) => issues.length > 0 && !issues.some(isOther));
    const fewest = Math.min(...possible.map(unknownKeys));
    const knowing = possible.filter((issues) => unknownKeys(issues) === fewest);
    for (const [meant, ...others] of [possible, knowing]) if (meant !== undefined && others.length === 0) return meant;
  }
  return undefined;
}

function unknownKeys(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce(
    (sum, issue) => sum + (issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys.length : 0),
    0,
  );
}

function innermost(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[]): Issue[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown key "${key}"` }));
  if (issue.code !== 'invalid_union') return [{ path, message: said(issue) }];
  const meant = meantIn(issue.errors);
  return meant?.flatMap((each) => innermost(each, path)) ?? [{ path, message: saidOfUnion(issue.errors, issue) }];
}

/** What is wrong, without the words that stand in every message. */
function said({ message }: z.core.$ZodIssue): string {
  return message
    .replace(/^Invalid input: expected (?<what>.+), received undefined$/, 'missing: expected $<what>')
    .replace(/^Invalid input: /, '');
}

/** What a value that is none of several things could have been. */
function saidOfUnion(members: readonly (readonly z.core.$ZodIssue[])[], issue: z.core.$ZodIssue): string {
  const all = members.flatMap(([first]) => (first === undefined ? [] : [said(first)]));
  const [first, ...others] = new Set(all);
  return first === undefined ? said(issue) : [first, ...others].join(', or ');
}

/** An issue as a fault. */
export function toFault({ path, message }: Issue): Fault {
  return { code: 'invalid-input', message, path: showPath(path) };
}

/** The value as its schema reads it, or everything that is wrong with it; an unknown key is named itself. */
export function tryParse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  prefix: readonly PropertyKey[] = [],
): { readonly read: z.output<S> } | { readonly issues: readonly Issue[] } {
  try {
    const parsed = schema.safeParse(value);
    if (parsed.success) return { read: parsed.data };
    return { issues: parsed.error.issues.flatMap((issue) => innermost(issue, prefix)) };
  } catch (error) {
    // A value that is nested so deep that reading it exhausts the stack has no shape that we know.
    if (!(error instanceof RangeError)) throw error;
    return { issues: [{ path: prefix, message: 'it is nested too deeply' }] };
  }
}

/** Parses a value at a border. Throws CadreError `invalid-input` that lists all faults with their paths. */
export function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  prefix: readonly PropertyKey[] = [],
): z.output<S> {
  const parsed = tryParse(schema, value, prefix);
  if ('read' in parsed) return parsed.read;
  const faults = parsed.issues.map(toFault);
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
