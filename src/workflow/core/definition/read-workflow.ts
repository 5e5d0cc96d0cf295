import type * as z from 'zod';
import { CadreError, type Fault } from '../../../contracts/errors.ts';
import { type Issue, toFault, tryParse } from '../../../contracts/parse.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { checkDefinition } from './definition.ts';
import { misplacedKeyFix } from './misplaced-keys.ts';

/** Times a value is mended before it is given up: what one mend brings to light, the next one mends. */
const mendsMax = 12;
/** Keys whose lists of names people write as a single name. */
const nameLists = ['depends_on', 'then', 'default'];

type Container = Record<PropertyKey, unknown>;

/** What stands in for something required that is missing or unreadable, by its key; a name of its own where one is needed. */
function standIn(key: PropertyKey | undefined, name: string): unknown {
  const node = { kind: 'join', name };
  const branch = { when: 'input', then: [name] };
  const values: Readonly<Record<PropertyKey, unknown>> = {
    name,
    workflow_id: name,
    schedule_id: name,
    task_type: name,
    body: { nodes: [node] },
    fallback: { nodes: [node] },
    definition: { name, nodes: [node] },
    nodes: [node],
    items: '[]',
    when: 'input',
    then: [name],
    branches: [branch],
    participants: [{ name, task_type: name }],
    title: name,
    levels: [{ candidates: { users: [name] } }],
    candidates: { users: [name] },
    max_attempts: 1,
  };
  return values[key ?? ''];
}

/** The same for an item of a list; undefined: the whole list is left out. */
function itemFor(list: PropertyKey | undefined, name: string): unknown {
  if (nameLists.some((each) => each === list)) return name;
  const whole = standIn(list, name);
  return Array.isArray(whole) ? (whole[0] as unknown) : undefined;
}

/** Takes what is wrong at a path out of a value, or puts something in its place. */
function mend(value: unknown, path: readonly PropertyKey[], name: string): void {
  const key = path.at(-1);
  let parent = value;
  for (const step of path.slice(0, -1)) parent = (parent as Container | undefined)?.[step];
  if (key === undefined || typeof parent !== 'object' || parent === null) return;
  const holder = parent as Container;
  if (Array.isArray(parent)) {
    const item = itemFor(path.at(-2), name);
    if (item === undefined) mend(value, path.slice(0, -1), name);
    else holder[key] = item;
    return;
  }
  if (!Object.hasOwn(holder, key)) {
    const missing = standIn(key, name);
    if (missing !== undefined) holder[key] = missing;
  } else if (nameLists.some((each) => each === key) && typeof holder[key] === 'string') holder[key] = [holder[key]];
  else Reflect.deleteProperty(holder, key);
}

/** A value with everything mended that is wrong with its shape; undefined when that cannot be done. */
function mended<S extends z.ZodType>(schema: S, value: unknown, found: readonly Issue[]): z.output<S> | undefined {
  if (found.some(({ path }) => path.length === 0)) return undefined;
  const copy = structuredClone(value);
  let issues = found;
  for (let round = 0; round < mendsMax; round += 1) {
    for (const [at, { path }] of issues.entries()) mend(copy, path, `unreadable-${round}-${at}`);
    const parsed = tryParse(schema, copy);
    if ('read' in parsed) return parsed.read;
    issues = parsed.issues;
  }
  return undefined;
}

/** What to do about a key that other kinds of nodes have. */
function misplacedFix({ path }: Issue, value: unknown): string | undefined {
  let holder = value;
  for (const step of path.slice(0, -1)) holder = (holder as Container | undefined)?.[step];
  const kind = typeof holder === 'object' && holder !== null && 'kind' in holder ? holder.kind : undefined;
  return typeof kind === 'string' ? misplacedKeyFix(kind, String(path.at(-1))) : undefined;
}

/** A fault of the shape. Compensations are the one thing that people take for nodes, which they are not. */
function shapeFault(issue: Issue, value: unknown): Fault {
  const fault = toFault(issue);
  const fix = misplacedFix(issue, value);
  if (fix !== undefined) return { ...fault, fix };
  const [key, holder] = [issue.path.at(-1), issue.path.at(-2)];
  if (holder === 'compensate_with' && (key === 'compensate_with' || key === 'on_error'))
    return { code: 'compensation-loop', path: fault.path ?? '', message: 'a compensation cannot be compensated' };
  if (key === 'compensate_with')
    return { ...fault, fix: 'write the task that undoes this node: { "task_type": … }; it is no node of the graph' };
  return fault;
}

/** A value that was read, or all that is wrong with it. */
export type Reading<T> = { readonly read: T } | { readonly faults: readonly Fault[] };

/**
 * Reads something with a definition in it (`definitionOf`, at the path `at`) and lists everything that is wrong: its shape, and in what can be read
 * of it the graph and the expressions. What only follows from a fault of the shape is left out.
 */
export function readWorkflow<S extends z.ZodType>(
  schema: S,
  value: unknown,
  at: string,
  definitionOf: (read: z.output<S>) => WorkflowDefinition | undefined,
): Reading<z.output<S>> {
  const parsed = tryParse(schema, value);
  const issues = 'read' in parsed ? [] : parsed.issues;
  const read = 'read' in parsed ? parsed.read : mended(schema, value, parsed.issues);
  const shape = issues.map((issue) => shapeFault(issue, value));
  const definition = read === undefined ? undefined : definitionOf(read);
  const graph = definition === undefined ? [] : checkDefinition(definition).faults;
  const follows = (path: string): boolean =>
    shape.some(
      ({ path: faulty = '' }) => path === faulty || path.startsWith(`${faulty}.`) || path.startsWith(`${faulty}[`),
    );
  const faults = [
    ...shape,
    ...graph.map((fault) => ({ ...fault, path: at + (fault.path ?? '') })).filter(({ path }) => !follows(path)),
  ];
  return faults.length > 0 || read === undefined ? { faults } : { read };
}

/** The definition of a request that need not write it out: undefined where it only names one. */
export function writtenOut({ definition }: { readonly definition: WorkflowDefinition | string }) {
  return typeof definition === 'string' ? undefined : definition;
}

/** Reads a request with a definition in it, whose graph its use case checks. Throws CadreError with everything that is wrong, not only with its shape. */
export function requireWorkflow<S extends z.ZodType>(
  schema: S,
  value: unknown,
  definitionOf: (read: z.output<S>) => WorkflowDefinition | undefined,
): z.output<S> {
  const parsed = tryParse(schema, value);
  if ('read' in parsed) return parsed.read;
  const reading = readWorkflow(schema, value, 'definition.', definitionOf);
  throw refusalOf('faults' in reading ? reading.faults : []);
}

/** A refusal that lists faults, the first one first. */
export function refusalOf(faults: readonly Fault[]): CadreError {
  const [first] = faults;
  const path = first?.path === undefined ? {} : { path: first.path };
  return new CadreError(first?.code ?? 'internal', first?.message, { faults, ...path });
}
