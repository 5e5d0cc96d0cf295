import type { Expansion, ScopeKind, WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { attemptsMax } from '../../../contracts/limits.ts';
import {
  isTask,
  type TransactionNode,
  type WorkflowBody,
  type WorkflowNode,
} from '../../../contracts/workflow/nodes.ts';

/** One copy of a body inside a node: the nodes from `first` to `end` (not included). */
export interface Scope {
  readonly parent: number;
  readonly kind: ScopeKind;
  /** The item of a map, the round of a loop; else 0. */
  readonly index: number;
  /** Which try of its node it belongs to. */
  readonly attempt: number;
  /** Which of the run's expansions made it. */
  readonly expansion: number;
  readonly first: number;
  readonly end: number;
  /** Nodes of it without dependencies, and those nobody in it depends on. */
  readonly roots: readonly number[];
  readonly sinks: readonly number[];
  readonly output: string | undefined;
}

/** A definition and what has joined it, with its edges as numbers: everything the reducer looks up in constant time. `name` of a node is its path. */
export interface WorkflowGraph {
  /** The version of the definition that the run goes by now. Its nodes come first. */
  readonly definition: WorkflowDefinition;
  readonly nodes: readonly WorkflowNode[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Indexes of the nodes each node depends on, in the order of its `depends_on`; unknown names are left out. */
  readonly dependencies: readonly (readonly number[])[];
  readonly dependents: readonly (readonly number[])[];
  /** Nodes of the definition itself that nobody depends on: they end the graph and decide its status. */
  readonly sinks: readonly number[];
  /** The scope each node lies in; undefined for the definition's own. */
  readonly scopeOf: readonly (Scope | undefined)[];
  /** What each node holds, in the order in which it joined. */
  readonly scopesIn: ReadonlyMap<number, readonly Scope[]>;
  /** Tasks that undo what a node did, with that node. */
  readonly undoes: ReadonlyMap<number, number>;
  /** Nodes that are more than a task: they are evaluated by Cadre itself, or hold others. */
  readonly controls: readonly number[];
}

/** A graph that is being built. */
interface Draft extends WorkflowGraph {
  readonly nodes: WorkflowNode[];
  readonly indexOf: Map<string, number>;
  readonly dependencies: (readonly number[])[];
  readonly dependents: number[][];
  readonly scopeOf: (Scope | undefined)[];
  readonly scopesIn: Map<number, Scope[]>;
  readonly undoes: Map<number, number>;
  readonly controls: number[];
  sinks: readonly number[];
}

function emptyDraft(definition: WorkflowDefinition): Draft {
  return {
    definition,
    nodes: [],
    indexOf: new Map(),
    dependencies: [],
    dependents: [],
    sinks: [],
    scopeOf: [],
    scopesIn: new Map(),
    undoes: new Map(),
    controls: [],
  };
}

function copyOf(graph: WorkflowGraph): Draft {
  return {
    definition: graph.definition,
    nodes: [...graph.nodes],
    indexOf: new Map(graph.indexOf),
    dependencies: [...graph.dependencies],
    // Edges never leave their scope, so the lists of earlier nodes do not change any more.
    dependents: [...graph.dependents] as number[][],
    sinks: graph.sinks,
    scopeOf: [...graph.scopeOf],
    scopesIn: new Map([...graph.scopesIn].map(([parent, scopes]) => [parent, [...scopes]])),
    undoes: new Map(graph.undoes),
    controls: [...graph.controls],
  };
}

/** Adds nodes with their names as paths; answers which of them begin and which end. */
function append(draft: Draft, nodes: readonly WorkflowNode[], prefix: string) {
  const first = draft.nodes.length;
  const local = new Map<string, number>();
  for (const [at, node] of nodes.entries()) {
    const index = first + at;
    // The first of two nodes with one name wins; the check refuses the definition anyway.
    if (!local.has(node.name)) local.set(node.name, index);
    const path = prefix + node.name;
    if (!draft.indexOf.has(path)) draft.indexOf.set(path, index);
    draft.nodes.push(prefix === '' ? node : { ...node, name: path });
    draft.dependents.push([]);
    draft.scopeOf.push(undefined);
    if (!isTask(node)) draft.controls.push(index);
  }
  for (const [at, node] of nodes.entries()) {
    const dependencies = [...new Set(node.depends_on)].flatMap((name) => local.get(name) ?? []);
    draft.dependencies.push(dependencies);
    for (const dependency of dependencies) draft.dependents[dependency]?.push(first + at);
  }
  const added = nodes.map((_, at) => first + at);
  return {
    first,
    end: first + nodes.length,
    roots: added.filter((index) => draft.dependencies[index]?.length === 0),
    sinks: added.filter((index) => draft.dependents[index]?.length === 0),
  };
}

type Phase = 'prepare' | 'commit' | 'abort';

/** True for a scope that is a phase of a transaction. */
function isPhase(kind: ScopeKind): kind is Phase {
  return kind === 'prepare' || kind === 'commit' || kind === 'abort';
}

/** True for a scope in which a decision is carried out that was made: nothing may stop it. */
export function isDecided(scope: Scope | undefined): boolean {
  return scope?.kind === 'commit' || scope?.kind === 'abort';
}

/** A task for each participant of a transaction. A decision is told as often as a task may be tried. */
function phaseOf({ name, participants }: TransactionNode, phase: Phase): WorkflowBody {
  const nodes = participants.map((participant): WorkflowNode => ({
    ...participant,
    depends_on: [],
    trigger_rule: 'all_success',
    input: `{ "phase": "${phase}", "transaction": "${name}", "input": input }`,
    ...(phase === 'prepare' ? {} : { retry: { ...participant.retry, max_attempts: attemptsMax } }),
  }));
  return { nodes };
}

/** The nodes that a node runs inside of it; undefined when it has none of that kind. */
export function bodyOf(
  definition: WorkflowDefinition,
  node: WorkflowNode | undefined,
  kind: ScopeKind,
): WorkflowBody | undefined {
  if (node === undefined) return undefined;
  if (node.kind === 'transaction' && isPhase(kind)) return phaseOf(node, kind);
  const { on_error } = node;
  const written =
    kind === 'fallback'
      ? typeof on_error === 'object'
        ? on_error.fallback
        : undefined
      : 'body' in node
        ? node.body
        : undefined;
  return typeof written === 'string' ? definition.bodies?.[written] : written;
}

/** The path of a scope inside its node, with the separator: `each:3:` is the item 3, `each:3-2:` the same in the second try. */
export function scopePrefix(path: string, kind: ScopeKind, index: number, attempt = 1): string {
  return `${path}:${kind === 'body' ? index : kind}${attempt === 1 ? '' : `-${attempt}`}:`;
}

/** Adds the task that undoes each of these nodes. It lies where its node does, and sees its output. */
function undo(draft: Draft, paths: readonly string[]): void {
  for (const path of paths) {
    const undone = draft.indexOf.get(path);
    const work = draft.nodes[undone ?? -1]?.compensate_with;
    if (undone === undefined || work === undefined) continue;
    const index = draft.nodes.length;
    const name = `${path}:compensate`;
    const output = `outputs.\`${path.slice(path.lastIndexOf(':') + 1)}\``;
    const input = work.payload === undefined && work.input === undefined ? { input: output } : {};
    draft.nodes.push({ ...work, ...input, name, depends_on: [], trigger_rule: 'all_success' });
    draft.indexOf.set(name, index);
    draft.dependencies.push([undone]);
    draft.dependents.push([]);
    draft.scopeOf.push(draft.scopeOf[undone]);
    draft.undoes.set(index, undone);
  }
}

/** Lets the nodes of an expansion join. One whose node or body is unknown adds nothing. */
function extend(draft: Draft, expansion: Exclude<Expansion, { type: 'WorkflowMigrated' }>, ordinal: number): void {
  if (expansion.type === 'CompensationStarted') {
    undo(draft, expansion.nodes);
    return;
  }
  const parent = draft.indexOf.get(expansion.node);
  if (parent === undefined) return;
  const node = draft.nodes[parent];
  const body = expansion.body ?? bodyOf(draft.definition, node, expansion.scope);
  if (body === undefined) return;
  const scopes = draft.scopesIn.get(parent) ?? [];
  if (isTask(node) && scopes.length === 0) draft.controls.push(parent);
  draft.scopesIn.set(parent, scopes);
  const { attempt = 1 } = expansion;
  for (let index = expansion.from; index < expansion.from + expansion.count; index += 1) {
    const placed = append(draft, body.nodes, scopePrefix(expansion.node, expansion.scope, index, attempt));
    const scope = { parent, kind: expansion.scope, index, attempt, expansion: ordinal, ...placed, output: body.output };
    draft.scopeOf.fill(scope, placed.first, placed.end);
    scopes.push(scope);
  }
}

/** Which version of its definition a run goes by: it begins with 1. */
export function versionOf(expansions: readonly Expansion[]): number {
  return expansions.filter(({ type }) => type === 'WorkflowMigrated').length + 1;
}

/** No expansion: what every run begins with. */
export const noExpansions: readonly Expansion[] = [];

const bases = new WeakMap<WorkflowDefinition, WorkflowGraph>();
const grown = new WeakMap<readonly Expansion[], WorkflowGraph>();
/** The newest graph of each definition: the next one is mostly this one with something added. */
const newest = new WeakMap<
  WorkflowDefinition,
  { readonly expansions: readonly Expansion[]; readonly graph: WorkflowGraph }
>();

function baseOf(definition: WorkflowDefinition): WorkflowGraph {
  const known = bases.get(definition);
  if (known !== undefined) return known;
  const draft = emptyDraft(definition);
  draft.sinks = append(draft, definition.nodes, '').sinks;
  bases.set(definition, draft);
  return draft;
}

/** The graph of a run: its definition, in the newest version, with all that has joined it. Built once for each, because neither ever changes. */
export function graphOf(
  definition: WorkflowDefinition,
  expansions: readonly Expansion[] = noExpansions,
): WorkflowGraph {
  if (expansions.length === 0) return baseOf(definition);
  const built = grown.get(expansions);
  if (built !== undefined) return built;
  const last = newest.get(definition);
  const fits =
    last !== undefined &&
    last.expansions.length <= expansions.length &&
    last.expansions.every((each, index) => each === expansions[index]);
  if (fits && last.expansions.length === expansions.length) {
    grown.set(expansions, last.graph);
    return last.graph;
  }
  // A newer version of the definition has all that joined before it as well, in the same places.
  const migrated = expansions.findLast(({ type }) => type === 'WorkflowMigrated');
  const current = migrated?.type === 'WorkflowMigrated' ? migrated.definition : definition;
  const known = fits && last.graph.definition === current ? last : { expansions: noExpansions, graph: baseOf(current) };
  const draft = copyOf(known.graph);
  for (const [ordinal, expansion] of expansions.entries()) {
    if (ordinal >= known.expansions.length && expansion.type !== 'WorkflowMigrated') extend(draft, expansion, ordinal);
  }
  grown.set(expansions, draft);
  newest.set(definition, { expansions, graph: draft });
  return draft;
}

/** What a node holds in its newest try, in the order in which it joined. */
export function scopesNow(graph: WorkflowGraph, index: number): readonly Scope[] {
  const scopes = graph.scopesIn.get(index) ?? [];
  const attempt = scopes.at(-1)?.attempt;
  return attempt === scopes[0]?.attempt ? scopes : scopes.filter((scope) => scope.attempt === attempt);
}

/** All nodes inside a node, however deep. */
export function* nodesInside(graph: WorkflowGraph, index: number): Generator<number> {
  for (const scope of graph.scopesIn.get(index) ?? []) {
    for (let inner = scope.first; inner < scope.end; inner += 1) {
      yield inner;
      if (graph.scopesIn.has(inner)) yield* nodesInside(graph, inner);
    }
  }
}

/** How many nodes a node lies in. */
export function depthOf(graph: WorkflowGraph, index: number): number {
  let depth = 0;
  for (let scope = graph.scopeOf[index]; scope !== undefined; scope = graph.scopeOf[scope.parent]) depth += 1;
  return depth;
}
