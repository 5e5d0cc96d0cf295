import { CadreError } from '../../contracts/errors.ts';
import { parse } from '../../contracts/parse.ts';
import { workflowDefinition, type WorkflowDefinition } from '../../contracts/workflow/workflow.ts';
import type { WorkflowBodyInput, WorkflowNodeInput } from '../../contracts/workflow/nodes.ts';

/** Nodes inside a node: written out, the name of some of the definition's `bodies`, or a builder of their own. */
type Body = WorkflowBodyInput | string | { body(): WorkflowBodyInput };

type NodeKind = Exclude<NonNullable<WorkflowNodeInput['kind']>, 'task'>;
type InputOf<K extends WorkflowNodeInput['kind']> = K extends NodeKind
  ? Extract<WorkflowNodeInput, { kind: K }>
  : Exclude<WorkflowNodeInput, { kind: NodeKind }>;

/** A node as the builder takes it: its name is given apart, and it may depend only on nodes that were added before. */
export type NodeOptions<K extends WorkflowNodeInput['kind'], Earlier extends string> = Omit<
  InputOf<K>,
  'kind' | 'name' | 'depends_on' | 'body' | 'on_error'
> & {
  readonly depends_on?: readonly Earlier[];
  readonly on_error?: 'fail' | 'ignore' | { readonly fallback: Body };
} & (InputOf<K> extends { body: unknown } ? { readonly body: Body } : unknown);

/** Adds a node of one kind. Throws `duplicate-node` for a name that is taken. */
type Add<K extends WorkflowNodeInput['kind'], Names extends string> = <Name extends string>(
  name: Name,
  options: NodeOptions<K, Names>,
) => WorkflowBuilder<Names | Name>;

/** Builds a definition node by node; there is a method for each kind of node. The compiler refuses unknown dependencies, and a cycle cannot be written. */
export type WorkflowBuilder<Names extends string = never> = {
  readonly [K in NodeKind]: Add<K, Names>;
} & {
  /** Adds a task. */
  readonly task: Add<'task', Names>;
  /** Sets the JSONata expression of the workflow's output, over the outputs of the nodes that end the graph. */
  output(expression: string): WorkflowBuilder<Names>;
  /** Nodes that others run inside of them, by name. */
  bodies(bodies: Readonly<Record<string, Body>>): WorkflowBuilder<Names>;
  /** Expressions over a run as it is, by name, for whoever asks. */
  queries(queries: Readonly<Record<string, string>>): WorkflowBuilder<Names>;
  /** What was added so far as the body of a node of another builder. */
  body(): WorkflowBodyInput;
  /** The definition: the JSON that one could also write by hand. Throws `invalid-input` with all faults. */
  build(): WorkflowDefinition;
};

interface Draft extends WorkflowBodyInput {
  readonly name: string;
  readonly bodies?: Readonly<Record<string, unknown>>;
  readonly queries?: Readonly<Record<string, string>>;
}

type AnyOptions = {
  readonly depends_on?: readonly string[];
  readonly body?: Body;
  readonly on_error?: 'fail' | 'ignore' | { readonly fallback: Body };
};

function written(body: Body): WorkflowBodyInput | string {
  return typeof body === 'object' && 'body' in body ? body.body() : body;
}

function added(draft: Draft, kind: NodeKind | undefined, name: string, options: AnyOptions): Draft {
  if (draft.nodes.some((node) => node.name === name)) {
    throw new CadreError('duplicate-node', `"${name}" is the name of a node already; choose another`, { path: name });
  }
  const { depends_on = [], body, on_error, ...rest } = options;
  const node = {
    ...(kind === undefined ? {} : { kind }),
    name,
    ...rest,
    depends_on: [...depends_on],
    ...(body === undefined ? {} : { body: written(body) }),
    ...(on_error === undefined
      ? {}
      : { on_error: typeof on_error === 'string' ? on_error : { fallback: written(on_error.fallback) } }),
  };
  return { ...draft, nodes: [...draft.nodes, node as WorkflowNodeInput] };
}

function builderOf<Names extends string>(draft: Draft): WorkflowBuilder<Names> {
  const add =
    (kind?: NodeKind) =>
    <Name extends string>(name: Name, options: AnyOptions) =>
      builderOf<Names | Name>(added(draft, kind, name, options));
  return {
    task: add(),
    join: add('join'),
    choice: add('choice'),
    map: add('map'),
    loop: add('loop'),
    subworkflow: add('subworkflow'),
    gather: add('gather'),
    wait: add('wait'),
    event: add('event'),
    approval: add('approval'),
    transaction: add('transaction'),
    output: (expression) => builderOf({ ...draft, output: expression }),
    queries: (queries) => builderOf({ ...draft, queries }),
    bodies: (bodies) =>
      builderOf({
        ...draft,
        bodies: Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, written(body)])),
      }),
    body: () => ({ nodes: draft.nodes, ...(draft.output === undefined ? {} : { output: draft.output }) }),
    build: () => parse(workflowDefinition, draft),
  };
}

/**
 * Starts a workflow's definition. Each call gives a new builder and leaves the old one as it was.
 * `workflow('release').task('test', { task_type: 'run' }).task('ship', { task_type: 'run', depends_on: ['test'] }).build()`
 */
export function workflow(name: string): WorkflowBuilder {
  return builderOf({ name, nodes: [] });
}
