import * as z from 'zod';
import { CadreError, type Fault } from '../../../contracts/errors.ts';
import { policyBytesMax, policyStrategiesMax } from '../../../contracts/limits.ts';
import { parse } from '../../../contracts/parse.ts';
import { type PolicyDocument, policyDocument } from '../../../contracts/distributor/policy.ts';
import { plainStrategies } from '../../../contracts/distributor/strategy.ts';
import { expressionFault } from './expression.ts';

/** What the check reads of a document that may be wrong elsewhere: a fault of its shape must not hide the others. */
const text = z.string().optional().catch(undefined);
const numbers = z.record(z.string(), z.number().catch(1)).catch({});
const looseStrategy = z
  .looseObject({
    use: text,
    fallback: text,
    score: text,
    weights: numbers.optional(),
    otherwise: z.number().optional().catch(undefined),
    success: z.number().optional().catch(undefined),
    speed: z.number().optional().catch(undefined),
    cost: z.number().optional().catch(undefined),
  })
  .catch({});
const looseDocument = z
  .looseObject({
    strategies: z.record(z.string(), looseStrategy).catch({}).default({}),
    strategy: text,
    by_task_type: z.record(z.string(), text).catch({}).default({}),
    rules: z
      .array(
        z
          .looseObject({
            name: text,
            strategy: text,
            pin: text,
            exclude_agents: z.array(z.string()).optional().catch(undefined),
          })
          .catch({}),
      )
      .catch([])
      .default([]),
    limits: z
      .array(z.looseObject({ name: text }).catch({}))
      .catch([])
      .default([]),
    shares: numbers.optional(),
    reservations: z
      .array(
        z
          .looseObject({
            name: text,
            percent: z.number().catch(0),
            match: z.record(z.string(), z.array(z.string())).optional().catch(undefined),
          })
          .catch({ percent: 0 }),
      )
      .catch([])
      .default([]),
    overflow: z
      .array(
        z
          .looseObject({ name: text, namespace: text, then: text, waiting_max: z.number().catch(0) })
          .catch({ waiting_max: 0 }),
      )
      .catch([])
      .default([]),
    emergency: z
      .looseObject({ keep_labels: z.looseObject({}).optional().catch(undefined) })
      .optional()
      .catch(undefined),
  })
  .catch({ strategies: {}, by_task_type: {}, rules: [], limits: [], reservations: [], overflow: [] });
type LooseStrategy = z.infer<typeof looseStrategy>;
type LooseDocument = z.infer<typeof looseDocument>;

const isPlain = (name: string) => plainStrategies.some((plain) => plain === name);

function unknownNames({ strategies, strategy, by_task_type, rules }: LooseDocument): Fault[] {
  const named: readonly (readonly [string, string | undefined])[] = [
    ['strategy', strategy],
    ...Object.entries(by_task_type).map(([type, name]) => [`by_task_type.${type}`, name] as const),
    ...rules.map((rule, at) => [`rules[${at}].strategy`, rule.strategy] as const),
    ...Object.entries(strategies).map(([name, { fallback }]) => [`strategies.${name}.fallback`, fallback] as const),
  ];
  return named.flatMap(([path, name]): Fault[] =>
    name === undefined || name in strategies || isPlain(name)
      ? []
      : [{ code: 'invalid-policy', path, message: `there is no strategy "${name}"; define it under strategies` }],
  );
}

function cycleFrom(start: string, strategies: LooseDocument['strategies']): readonly string[] | undefined {
  const path = [start];
  for (let next = strategies[start]?.fallback; next !== undefined; next = strategies[next]?.fallback) {
    path.push(next);
    if (next === start) return path;
    if (path.length > Object.keys(strategies).length + 1) return undefined;
  }
  return undefined;
}

function cyclicFallbacks({ strategies }: LooseDocument): Fault[] {
  const told = new Set<string>();
  return Object.keys(strategies).flatMap((name): Fault[] => {
    const cycle = told.has(name) ? undefined : cycleFrom(name, strategies);
    if (cycle === undefined) return [];
    for (const each of cycle) told.add(each);
    return [
      {
        code: 'invalid-policy',
        path: `strategies.${name}.fallback`,
        message: `the fallbacks go round: ${cycle.join(' → ')}`,
      },
    ];
  });
}

function strategyFaults([name, settings]: readonly [string, LooseStrategy]): Fault[] {
  const fault = (key: string, message: string): Fault[] => [
    { code: 'invalid-policy', path: `strategies.${name}${key}`, message },
  ];
  const { use, weights, otherwise = 1, success = 4, speed = 1, cost = 0, score } = settings;
  const reason = use === 'custom' && score !== undefined ? expressionFault(score) : undefined;
  return [
    ...(isPlain(name) ? fault('', `"${name}" is the name of a built-in strategy`) : []),
    ...(use === 'weighted' &&
    weights !== undefined &&
    otherwise === 0 &&
    Object.values(weights).every((each) => each === 0)
      ? fault('.weights', 'all weights are 0: nobody would get any work')
      : []),
    ...(use === 'performance_based' && success === 0 && speed === 0 && cost === 0
      ? fault('', 'success, speed and cost all count nothing')
      : []),
    ...(reason === undefined ? [] : fault('.score', reason)),
  ];
}

function ruleFaults({ rules }: LooseDocument): Fault[] {
  return rules.flatMap((rule, at): Fault[] => {
    const fault = (key: string, message: string): Fault[] => [
      { code: 'invalid-policy', path: `rules[${at}]${key}`, message },
    ];
    const { name, pin, exclude_agents = [], strategy } = rule;
    const says = [strategy, pin, rule['require_labels'], rule['exclude_agents'], rule['prefer_agents']];
    return [
      ...(name !== undefined && rules.findIndex((other) => other.name === name) < at
        ? fault('.name', `another rule is called "${name}"`)
        : []),
      ...(pin !== undefined && exclude_agents.includes(pin)
        ? fault('.pin', `${pin} is excluded by the same rule`)
        : []),
      ...(says.every((each) => each === undefined)
        ? fault('', 'the rule says nothing: give it a strategy, a pin, or what it requires, prefers or excludes')
        : []),
    ];
  });
}

function limitFaults({ limits }: LooseDocument): Fault[] {
  return limits.flatMap((limit, at): Fault[] => {
    const fault = (key: string, message: string): Fault[] => [
      { code: 'invalid-policy', path: `limits[${at}]${key}`, message },
    ];
    const { name } = limit;
    return [
      ...(name !== undefined && limits.findIndex((other) => other.name === name) < at
        ? fault('.name', `another limit is called "${name}"`)
        : []),
      ...(limit['concurrency'] === undefined && limit['rate_limit'] === undefined
        ? fault('', 'the limit limits nothing: give it concurrency, rate_limit or both')
        : []),
    ];
  });
}

/** What is wrong with a namespace that is named at a path, if the pool's are known. One that the policy gives a share is known as well. */
function namespaceFaults(
  { shares = {} }: LooseDocument,
  known: ReadonlySet<string> | undefined,
  path: string,
  names: readonly string[],
): Fault[] {
  return names
    .filter((name) => known?.has(name) === false && !Object.hasOwn(shares, name))
    .map((name) => ({
      code: 'invalid-policy',
      path,
      message: `no task of namespace "${name}" has ever come to this pool; for one that is to come, give it a share`,
    }));
}

function overflowFaults(document: LooseDocument, known?: ReadonlySet<string>): Fault[] {
  const { overflow } = document;
  return overflow.flatMap(({ name, namespace, then, waiting_max }, at): Fault[] => {
    const fault = (key: string, message: string): Fault[] => [
      { code: 'invalid-policy', path: `overflow[${at}]${key}`, message },
    ];
    const alike = overflow.map((other) => (other.namespace === namespace ? other : undefined));
    const first = alike.findIndex((other) => other?.then === then);
    const refusing = alike.findIndex((other) => other?.then === 'refuse' && other.waiting_max <= waiting_max);
    return [
      ...(name !== undefined && overflow.findIndex((other) => other.name === name) < at
        ? fault('.name', `another overflow rule is called "${name}"`)
        : []),
      ...(first < at ? fault('.namespace', `overflow rule ${first + 1} does the same with the same tasks`) : []),
      ...(then === 'spill' && refusing >= 0
        ? fault('.waiting_max', `never counts: overflow rule ${refusing + 1} refuses before so many wait`)
        : []),
      ...namespaceFaults(document, known, `overflow[${at}].namespace`, namespace === undefined ? [] : [namespace]),
    ];
  });
}

type LooseMatch = LooseDocument['reservations'][number]['match'];

/** Whether all tasks that the second match is about are tasks of the first one. */
function covers(first: LooseMatch, second: LooseMatch): boolean {
  if (first === undefined || second === undefined || Object.keys(first).length === 0) return false;
  return Object.entries(first).every(([name, values]) => second[name]?.every((each) => values.includes(each)) === true);
}

function reservationFaults(document: LooseDocument, known?: ReadonlySet<string>): Fault[] {
  const { reservations } = document;
  const percent = reservations.reduce((sum, each) => sum + each.percent, 0);
  const ofEach = reservations.flatMap(({ name, match }, at): Fault[] => {
    const fault = (key: string, message: string): Fault[] => [
      { code: 'invalid-policy', path: `reservations[${at}]${key}`, message },
    ];
    const before = reservations.slice(0, at).findIndex((other) => covers(other.match, match));
    return [
      ...(name !== undefined && reservations.findIndex((other) => other.name === name) < at
        ? fault('.name', `another reservation is called "${name}"`)
        : []),
      ...(match !== undefined && Object.keys(match).length === 0
        ? fault('.match', 'slots kept for every task are kept for none: name a priority, a namespace or a workflow')
        : []),
      ...(before >= 0 ? fault('.match', `never counts: reservation ${before + 1} matches all its tasks`) : []),
      ...namespaceFaults(document, known, `reservations[${at}].match.namespace`, match?.['namespace'] ?? []),
    ];
  });
  if (percent <= 100) return ofEach;
  const message = `the reservations keep ${percent} % of the slots; together they may keep 100`;
  return [...ofEach, { code: 'invalid-policy', path: 'reservations', message }];
}

function strategiesFaults({ strategies }: LooseDocument): Fault[] {
  const count = Object.keys(strategies).length;
  if (count <= policyStrategiesMax) return [];
  const message = `at most ${policyStrategiesMax} strategies; these are ${count}`;
  return [{ code: 'invalid-policy', path: 'strategies', message }];
}

function emergencyFaults({ emergency }: LooseDocument): Fault[] {
  if (emergency?.keep_labels === undefined || Object.keys(emergency.keep_labels).length > 0) return [];
  const message = 'without a label every agent would be kept, and what does not match would wait for ever';
  return [{ code: 'invalid-policy', path: 'emergency.keep_labels', message }];
}

function shapeFaults(value: unknown): readonly Fault[] {
  try {
    parse(policyDocument, value);
    return [];
  } catch (error) {
    if (error instanceof CadreError) return error.faults;
    throw error;
  }
}

/**
 * A policy that can be followed. Throws CadreError with all that is wrong with it: shape, names, weights, fallbacks, expressions, rules and reservations; whether a namespace
 * that it reserves for exists only where the pool's `namespaces` are given.
 */
export function checkedPolicy(value: unknown, namespaces?: ReadonlySet<string>): PolicyDocument {
  const loose = looseDocument.parse(value);
  const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
  const faults: Fault[] = [
    ...shapeFaults(value),
    ...(bytes > policyBytesMax
      ? [{ code: 'too-large' as const, message: `the policy has ${bytes} bytes, more than ${policyBytesMax}` }]
      : []),
    ...strategiesFaults(loose),
    ...unknownNames(loose),
    ...cyclicFallbacks(loose),
    ...Object.entries(loose.strategies).flatMap(strategyFaults),
    ...ruleFaults(loose),
    ...limitFaults(loose),
    ...reservationFaults(loose, namespaces),
    ...overflowFaults(loose, namespaces),
    ...emergencyFaults(loose),
  ];
  const [first] = faults;
  if (first !== undefined)
    throw new CadreError(first.code, first.message, {
      faults,
      ...(first.path === undefined ? {} : { path: first.path }),
    });
  return parse(policyDocument, value);
}
