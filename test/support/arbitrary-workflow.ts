import fc from 'fast-check';
import { type WorkflowDefinition, workflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import { createRandom, type Random } from '../../src/platform/twin/random.ts';
import { graphOf } from '../../src/workflow/core/run/graph.ts';
import { unreachableNodes } from '../../src/workflow/core/definition/reachability.ts';
import type { Fate } from './naive-workflow.ts';

/** How each task of a run ends, by its path. */
export type Fates = (path: string) => Fate;

/** Levels of nodes inside nodes that are drawn. */
const levelsMax = 3;

/** Fates out of a seed: a path always fares the same, whatever the order in which tasks end. */
function fatesOf(seed: number, failures: number): Fates {
  return (path) => (createRandom(`${seed} ${path}`).chance(failures) ? 'failed' : 'completed');
}

/** A body; fewer nodes the deeper it lies. */
function drawBody(random: Random, level: number) {
  return { nodes: drawNodes(random, 1 + random.below(level >= levelsMax ? 2 : 4), level, true) };
}

function drawKind(random: Random, level: number, mixed: boolean): object {
  const kinds = [
    'task',
    'task',
    'task',
    'task',
    'task',
    'task',
    'join',
    'choice',
    'map',
    'loop',
    'subworkflow',
    'gather',
  ];
  const kind = mixed ? random.pick(level >= levelsMax ? kinds.slice(0, 8) : kinds) : 'task';
  const body = () => drawBody(random, level + 1);
  // Drawn apart, so that it changes nothing of what else is drawn.
  const tries = random.fork('retry');
  const retry = tries.chance(0.3) ? { retry: { max_attempts: 1 + tries.below(3) } } : {};
  switch (kind) {
    case 'map':
      return {
        kind,
        ...retry,
        items: `[1..${random.below(4)}]`,
        body: body(),
        tolerated_failures: random.below(2),
        ...(random.chance(0.5) ? { max_concurrency: 1 + random.below(2) } : {}),
      };
    case 'loop':
      return { kind, ...retry, until: `index >= ${random.below(4)}`, max_rounds: 2 + random.below(2), body: body() };
    case 'subworkflow':
      return { kind, ...retry, body: body() };
    case 'gather':
      return { kind, ...retry, need: random.pick(['all', 'first', 1 + random.below(2)]), body: body() };
    case 'choice':
      return { kind, take: random.pick(['first', 'all']) };
    case 'join':
      return { kind };
    default:
      return { task_type: 'work' };
  }
}

export type Drawn = { name: string; depends_on: string[]; [key: string]: unknown };

/** Branches of a choice lead to some of the nodes that depend on it. */
function withBranches(random: Random, node: Drawn, dependents: string[]): Drawn {
  if (node['kind'] !== 'choice') return node;
  const some = () => dependents.filter(() => random.chance(0.5));
  const branches = Array.from({ length: 1 + random.below(2) }, () => ({
    when: random.pick(['1 = 1', '1 = 2']),
    then: some(),
  })).filter(({ then }) => then.length > 0);
  return branches.length === 0
    ? { name: node.name, depends_on: node.depends_on, kind: 'join' }
    : { ...node, branches, ...(random.chance(0.7) ? { default: some() } : {}) };
}

/** Nodes of one kind, or of all (`mixed`); edges lead from earlier to later ones, and the list is shuffled. */
export function drawNodes(random: Random, count: number, level: number, mixed: boolean): Drawn[] {
  const nodes = Array.from({ length: count }, (_, index): Drawn => {
    const parents = Array.from({ length: index === 0 ? 0 : random.below(4) }, () => `n${random.below(index)}`);
    const depends_on = [...new Set(parents)];
    const rules = mixed
      ? ['all_success', 'all_success', 'all_done', 'none_failed', 'one_success', { at_least: 1 + random.below(2) }]
      : ['all_success', 'all_done'];
    const rule = random.pick(rules);
    return {
      name: `n${index}`,
      depends_on,
      trigger_rule: typeof rule === 'object' && rule.at_least > depends_on.length ? 'all_success' : rule,
      ...(mixed && random.chance(0.2) ? { on_error: 'ignore' } : {}),
      ...(mixed && random.chance(0.15)
        ? { on_error: { fallback: { nodes: [{ name: 'f', task_type: 'work' }] } } }
        : {}),
      ...drawKind(random, level, mixed),
    };
  });
  const ready = nodes.map((node) =>
    withBranches(
      random,
      node,
      nodes.flatMap(({ name, depends_on }) => (depends_on.includes(node.name) ? [name] : [])),
    ),
  );
  return ready
    .map((node) => [random.next(), node] as const)
    .sort(([a], [b]) => a - b)
    .map(([, node]) => node);
}

/** The same nodes, as a definition may have them: those that no run could start wait only for the ends of what is before them, and no gather needs more than can come. */
export function soundNodes(nodes: readonly Drawn[]): Drawn[] {
  const inner = nodes.map((node) => {
    const body = node['body'] as { nodes: Drawn[] } | undefined;
    if (body === undefined) return node;
    const named = new Set(body.nodes.flatMap(({ depends_on }) => depends_on));
    const sinks = body.nodes.filter(({ name }) => !named.has(name)).length;
    const need = typeof node['need'] === 'number' ? { need: Math.min(node['need'], sinks) } : {};
    return { ...node, ...need, body: { ...body, nodes: soundNodes(body.nodes) } };
  });
  for (;;) {
    const { nodes: read } = workflowDefinition.parse({ name: 'any', nodes: inner });
    const never = unreachableNodes(graphOf({ name: 'any', nodes: read }));
    if (never.length === 0) return inner;
    for (const { index } of never) inner[index] = { ...inner[index]!, trigger_rule: 'all_done' };
  }
}

/** The same with a node that waits for an event in the place of each join: one that always comes, so both must end alike. */
export function withEvents(definition: WorkflowDefinition): WorkflowDefinition {
  const text = JSON.stringify(definition).replaceAll('"kind":"join"', '"kind":"event","events":[{"name":"go"}]');
  return workflowDefinition.parse(JSON.parse(text));
}

/**
 * A random acyclic definition with the fates of its tasks, of one kind of node (`mixed` false) or of all: edges lead from earlier to later nodes, listed in a
 * shuffled order; `mend` may change the nodes before they are read. Expressions are constants, so that the naive interpreter can read them.
 */
export function arbitraryWorkflow(
  nodesMax: number,
  mixed = true,
  mend = (nodes: readonly Drawn[]): readonly Drawn[] => nodes,
): fc.Arbitrary<{ readonly definition: WorkflowDefinition; readonly fates: Fates }> {
  return fc
    .record({ count: fc.integer({ min: 1, max: nodesMax }), seed: fc.nat(), failures: fc.constantFrom(0, 0.1, 0.3) })
    .map(({ count, seed, failures }) => ({
      definition: workflowDefinition.parse({
        name: 'any',
        nodes: mend(drawNodes(createRandom(seed), count, 0, mixed)),
      }),
      fates: fatesOf(seed, failures),
    }));
}

/** Numbers that decide the order in which things happen. */
export const choices = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 50 });

/** A stream of choices out of a list of numbers. */
export function chooser(numbers: readonly number[]): (bound: number) => number {
  let at = 0;
  return (bound) => (numbers[at++ % numbers.length] ?? 0) % Math.max(1, bound);
}
