import type { ErrorCode } from '../../../contracts/error-catalogue.ts';
import type { Fault } from '../../../contracts/errors.ts';
import type { WorkflowBody, WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import { expressionNames, referencesOf } from '../expressions/expression.ts';
import { approvalExpressions } from './approval-faults.ts';

/** The nodes of one level: those of the definition, or of one body. `at` is its path, `depth` how many nodes it lies in. */
export interface Level extends WorkflowBody {
  readonly at: string;
  readonly depth: number;
}

/** Something that is wrong, with its path and what to do. */
export function fault(code: ErrorCode, path: string, what: string, fix: string): Fault {
  return { code, path, message: what, fix };
}

/** Faults of one expression: its syntax, what it refers to beyond `allowed`, and functions that are not available. */
export function expressionFaults(
  text: string,
  path: string,
  allowed: (name: string) => boolean,
  hint: string,
): Fault[] {
  const parsed = referencesOf(text);
  if (!parsed.ok) return [fault('invalid-expression', path, parsed.error.message, 'correct the JSONata expression')];
  const { outputs, nodes, unknown, forbidden } = parsed.value;
  const references = [
    ...outputs.map((name) => ['outputs', name] as const),
    ...nodes.map((name) => ['nodes', name] as const),
  ];
  return [
    ...references
      .filter(([, name]) => !allowed(name))
      .map(([kind, name]) => fault('invalid-expression', path, `"${kind}.${name}" is not at hand here`, hint)),
    ...unknown.map((name) =>
      fault(
        'invalid-expression',
        path,
        `there is no "${name}" here`,
        `an expression sees ${expressionNames.join(', ')}: use one of these, or a variable`,
      ),
    ),
    ...forbidden.map((name) =>
      fault(
        'invalid-expression',
        path,
        `$${name} is not available`,
        'pass the value in as input: a repeat must give the same',
      ),
    ),
  ];
}

/** The expressions that a node evaluates over its direct dependencies, with their paths behind the node's. */
function expressionsOf(node: WorkflowNode): readonly (readonly [string, string | undefined])[] {
  const input = ['input' in node ? '.input' : '', 'input' in node ? node.input : undefined] as const;
  switch (node.kind) {
    case 'join':
      return [['.output', node.output]];
    case 'choice':
      return node.branches.map(({ when }, index) => [`.branches[${index}].when`, when] as const);
    case 'map':
      return [['.items', node.items], input];
    case 'wait':
      return [['.until', node.until]];
    case 'event':
      return [
        ...node.events.map(({ key }, index) => [`.events[${index}].key`, key] as const),
        ['.timer.until', node.timer?.until],
      ];
    case 'approval':
      return approvalExpressions(node);
    default:
      return [input];
  }
}

/** Expressions that see the results inside the node instead: only their own syntax can be wrong. */
function innerExpressionsOf(node: WorkflowNode): readonly (readonly [string, string | undefined])[] {
  if (!('body' in node)) return [];
  const ends = [['.output', node.output] as const];
  return node.kind === 'loop' ? [...ends, ['.while', node.while], ['.until', node.until]] : ends;
}

function bothFaults(
  { payload, input }: { readonly payload?: unknown; readonly input?: unknown },
  path: string,
): Fault[] {
  if (payload === undefined || input === undefined) return [];
  return [fault('invalid-input', `${path}.input`, 'there is a payload and an input expression', 'keep one of the two')];
}

/** Faults of all expressions of a level's nodes, and of payloads that stand beside one. */
export function inputFaults({ nodes, at }: Level): Fault[] {
  return nodes.flatMap((node, index) => {
    const path = `${at}nodes[${index}]`;
    const dependencies = new Set(node.depends_on);
    const check =
      (allowed: (name: string) => boolean, hint: string) => (entry: readonly [string, string | undefined]) =>
        entry[1] === undefined ? [] : expressionFaults(entry[1], `${path}${entry[0]}`, allowed, hint);
    const undo = node.compensate_with;
    const own = ['.compensate_with.input', undo?.input] as const;
    return [
      ...('payload' in node ? bothFaults(node, path) : []),
      ...(undo === undefined ? [] : bothFaults(undo, `${path}.compensate_with`)),
      ...expressionsOf(node).flatMap(
        check((name) => dependencies.has(name), 'only direct dependencies are: add it to depends_on'),
      ),
      ...[own].flatMap(check((name) => name === node.name, `a compensation sees outputs.${node.name}, and no other`)),
      ...innerExpressionsOf(node).flatMap(check(() => false, 'use "results": what the nodes inside came to')),
    ];
  });
}
