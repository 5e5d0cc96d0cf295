import type { StoredJson } from '../../../contracts/rows.ts';
import type { WorkflowDeps } from '../../ports.ts';

/** The value behind stored JSON; undefined when nothing was stored. */
export async function loadJson(deps: Pick<WorkflowDeps, 'blobs'>, stored: StoredJson | undefined): Promise<unknown> {
  const text = stored?.ref === undefined ? stored?.text : await deps.blobs.get(stored.ref.key);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
