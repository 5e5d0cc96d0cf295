import { CadreError, type Fault } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { linked, namedBodies } from '../../core/definition/link.ts';
import { refusalOf } from '../../core/definition/read-workflow.ts';
import { latestOf, namedIn, referenceTo } from '../../core/definition/registry.ts';
import type { WorkflowDeps } from '../../ports.ts';

/** A definition that needs no registry any more, and what it was registered as, if it was. */
export interface ResolvedDefinition {
  readonly definition: WorkflowDefinition;
  readonly registered?: string;
  readonly warnings: readonly string[];
}

type RegistryDeps = Pick<WorkflowDeps, 'definitions'>;

function unknown(reference: string, message: string, path: string): Fault {
  const fix =
    'register it first, or name one that `cadre workflows definitions` lists; validate looks there with --deployed';
  return { code: 'unknown-definition', path, message: `${reference}: ${message}`, fix };
}

/** The bodies that are registered, those that they lead to included: what is registered names only what was registered before it, so this ends. */
async function registeredBodies(deps: RegistryDeps, definition: WorkflowDefinition) {
  const found = new Map<string, WorkflowDefinition>();
  const faults: Fault[] = [];
  let open = namedBodies(definition);
  while (open.length > 0) {
    const fresh = [...new Set(open.map(({ reference }) => reference))].filter((reference) => !found.has(reference));
    const bodies = await Promise.all(
      fresh.map((reference) => {
        const { name, version = 0 } = namedIn(reference);
        return deps.definitions.body(defaultPool, name, version);
      }),
    );
    const known = fresh.flatMap((reference, at) => {
      const body = bodies[at];
      if (body !== undefined) found.set(reference, body);
      return body ?? [];
    });
    faults.push(
      ...open
        .filter(({ reference }) => !found.has(reference))
        .map(({ reference, path }) => unknown(reference, 'no such version is registered', path)),
    );
    open = known.flatMap((body) => namedBodies(body));
  }
  return { found, faults };
}

/** A definition with all that it runs by name. `faults` are the names that nobody registered. */
export async function linkDefinition(
  deps: RegistryDeps,
  definition: WorkflowDefinition,
): Promise<{ readonly definition: WorkflowDefinition; readonly faults: readonly Fault[] }> {
  const { found, faults } = await registeredBodies(deps, definition);
  return { definition: linked(definition, found), faults };
}

async function findVersion(deps: RegistryDeps, reference: string) {
  const refuse = (message: string): never => {
    throw refusalOf([unknown(reference, message, 'definition')]);
  };
  const { name, version: asked } = namedIn(reference);
  const row = await deps.definitions.get(defaultPool, name);
  if (row === undefined) return refuse(`no definition "${name}" is registered`);
  const version = asked ?? latestOf(row);
  if (version === undefined) return refuse('all its versions are deprecated');
  const known = row.versions[version - 1];
  if (known === undefined) return refuse(`its newest version is ${row.versions.length}`);
  const body = await deps.definitions.body(defaultPool, name, version);
  if (body === undefined) throw new CadreError('internal', `${referenceTo(name, version)} has no body`);
  return { name, version, body, deprecated: known.deprecated };
}

/**
 * The definition that a submission, a schedule or a migration is about, with all registered ones that it runs as bodies. Throws with every name that nobody has
 * registered (`unknown-definition`), with their paths behind `at`; a deprecated version is a warning.
 */
export async function resolveDefinition(
  deps: RegistryDeps,
  given: WorkflowDefinition | string,
  at = 'definition.',
): Promise<ResolvedDefinition> {
  const version = typeof given === 'string' ? await findVersion(deps, given) : undefined;
  const { definition, faults } = await linkDefinition(deps, version?.body ?? (given as WorkflowDefinition));
  if (faults.length > 0) throw refusalOf(faults.map((each) => ({ ...each, path: at + (each.path ?? '') })));
  if (version === undefined) return { definition, warnings: [] };
  const registered = referenceTo(version.name, version.version);
  const { deprecated } = version;
  const warnings = deprecated === undefined ? [] : [`${registered} is deprecated: ${deprecated.reason}`];
  return { definition, registered, warnings };
}
