import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { bodiesOf, type WorkflowBody, type WorkflowNode } from '../../../contracts/workflow/nodes.ts';

/** A body that is a registered definition, and where it is named. */
export interface NamedBody {
  readonly reference: string;
  readonly path: string;
}

/** True for the name of a body that is a version of a registered definition. */
export function isRegistered(body: string): boolean {
  return /@\d+$/.test(body);
}

function namedIn(nodes: readonly WorkflowNode[], at: string): NamedBody[] {
  return nodes.flatMap((node, index) =>
    bodiesOf(node).flatMap(([place, body]): NamedBody[] => {
      const path = `${at}nodes[${index}]${place}`;
      if (typeof body !== 'string') return namedIn(body.nodes, `${path}.`);
      return isRegistered(body) ? [{ reference: body, path }] : [];
    }),
  );
}

/** Where a definition runs registered ones as bodies. */
export function namedBodies({ nodes, bodies = {} }: WorkflowDefinition): readonly NamedBody[] {
  return [
    ...namedIn(nodes, ''),
    ...Object.entries(bodies).flatMap(([name, body]) =>
      // What was linked before is linked anew.
      name.includes('@') ? [] : namedIn(body.nodes, `bodies.${name}.`),
    ),
  ];
}

/** Nodes whose own bodies have other names; registered ones keep theirs. */
function renamed(nodes: readonly WorkflowNode[], rename: (name: string) => string): WorkflowNode[] {
  const bodyOf = (body: WorkflowBody | string): WorkflowBody | string => {
    if (typeof body !== 'string') return { ...body, nodes: renamed(body.nodes, rename) };
    return isRegistered(body) ? body : rename(body);
  };
  return nodes.map((node) => ({
    ...node,
    ...('body' in node ? { body: bodyOf(node.body) } : {}),
    ...(typeof node.on_error === 'object' ? { on_error: { fallback: bodyOf(node.on_error.fallback) } } : {}),
  }));
}

/** The bodies that a registered definition brings: its nodes under its own name, and what it calls `<name>` as `<reference>.<name>`. */
function bodiesFrom(reference: string, { nodes, output, bodies = {} }: WorkflowDefinition): [string, WorkflowBody][] {
  const rename = (name: string): string => `${reference}.${name}`;
  const bodyOf = (body: WorkflowBody): WorkflowBody => ({ ...body, nodes: renamed(body.nodes, rename) });
  return [
    [reference, bodyOf({ nodes, ...(output === undefined ? {} : { output }) })],
    ...Object.entries(bodies)
      .filter(([name]) => !name.includes('@'))
      .map(([name, body]): [string, WorkflowBody] => [rename(name), bodyOf(body)]),
  ];
}

/** The definition with these registered ones among its bodies, so that it needs no registry any more: a run pins what they are now. */
export function linked(
  definition: WorkflowDefinition,
  registered: ReadonlyMap<string, WorkflowDefinition>,
): WorkflowDefinition {
  const given = Object.entries(definition.bodies ?? {});
  const own = given.filter(([name]) => !name.includes('@'));
  if (registered.size === 0 && own.length === given.length) return definition;
  const linkedBodies = [...registered].flatMap(([reference, each]) => bodiesFrom(reference, each));
  const bodies = [...own, ...linkedBodies];
  const { bodies: _bodies, ...rest } = definition;
  return bodies.length === 0 ? rest : { ...rest, bodies: Object.fromEntries(bodies) };
}
