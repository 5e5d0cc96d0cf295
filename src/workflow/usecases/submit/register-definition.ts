import { CadreError, type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { definitionVersionsMax } from '../../../contracts/limits.ts';
import { registrationRequest, type VersionView } from '../../../contracts/workflow/registry.ts';
import type { RegisteredRow } from '../../../contracts/workflow/rows.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { checkDefinition } from '../../core/definition/definition.ts';
import { refusalOf, requireWorkflow } from '../../core/definition/read-workflow.ts';
import { versionViewOf, versionWith, withDeprecation, withVersion } from '../../core/definition/registry.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { linkDefinition } from './resolve-definition.ts';

/** Attempts to win a race against others who register or deprecate versions of the same name. */
const registerTriesMax = 8;

/** Reads the body of a request. Throws CadreError with all faults at once. */
export function readRegistration(value: unknown): WorkflowDefinition {
  return requireWorkflow(registrationRequest, value, ({ definition }) => definition).definition;
}

/** Everything that is wrong with it is found before anything is written. */
async function check(deps: Pick<WorkflowDeps, 'definitions'>, given: WorkflowDefinition): Promise<void> {
  const { definition, faults: unknown } = await linkDefinition(deps, given);
  const faults = [...unknown, ...checkDefinition(definition).faults];
  if (faults.length > 0) throw refusalOf(faults.map((each) => ({ ...each, path: `definition.${each.path ?? ''}` })));
}

const shown = (row: RegisteredRow, version: number): Outcome<VersionView> => {
  const view = versionViewOf(row, version);
  return view === undefined ? refused('unknown-definition') : { ok: true, value: view };
};

/**
 * Registers a definition under its name: the first version, or the next one. The body of any version again is that version, so a repeat is safe however late it comes. A version never
 * changes; it may run definitions that were registered before it. Throws with all faults of the definition at once.
 */
export async function registerDefinition(
  deps: Pick<WorkflowDeps, 'definitions' | 'sources'>,
  { definition, principal }: { readonly definition: WorkflowDefinition; readonly principal: string },
): Promise<Outcome<VersionView>> {
  await check(deps, definition);
  const { name } = definition;
  const hash = deps.sources.hash(canonicalJson(definition));
  for (let attempt = 0; attempt < registerTriesMax; attempt += 1) {
    const before = await deps.definitions.get(defaultPool, name);
    const known = versionWith(before, hash);
    if (before !== undefined && known !== undefined) return shown(before, known);
    const at = new Date(deps.sources.now()).toISOString();
    const row = withVersion(before, { pool: defaultPool, name }, { hash, at, by: principal });
    const version = row.versions.length;
    if (version > definitionVersionsMax)
      return refused('too-large', `"${name}" has ${definitionVersionsMax} versions already`, 'definition.name');
    if (await deps.definitions.save(row, { version, definition })) return shown(row, version);
  }
  throw new CadreError('version-conflict', `"${name}" is registered by too many at once`);
}

/** Says that nobody should start a version any more, and why; without a reason it may be used again. Runs go on, and whoever names the version still gets it, with a warning. */
export async function deprecateDefinition(
  deps: Pick<WorkflowDeps, 'definitions' | 'sources'>,
  request: { readonly name: string; readonly version: number; readonly principal: string; readonly reason?: string },
): Promise<Outcome<VersionView>> {
  const { name, version, principal: by, reason } = request;
  for (let attempt = 0; attempt < registerTriesMax; attempt += 1) {
    const before = await deps.definitions.get(defaultPool, name);
    if (before?.versions[version - 1] === undefined)
      return refused('unknown-definition', `there is no version ${version} of "${name}"`, 'version');
    const at = new Date(deps.sources.now()).toISOString();
    const after = withDeprecation(before, version, reason === undefined ? undefined : { at, by, reason });
    if (after === undefined) return shown(before, version);
    if (await deps.definitions.save(after)) return shown(after, version);
  }
  throw new CadreError('version-conflict', `"${name}" is changed by too many at once`);
}
