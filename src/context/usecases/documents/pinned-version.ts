import type { ContextHead, ContextVersionView } from '../../../contracts/context/context.ts';
import { liesIn } from '../../core/pointer.ts';
import { isGone } from '../../core/version.ts';
import type { ContextDeps } from '../../ports.ts';
import { standing } from './snapshot-subtree.ts';

/** Entries of a history that are read at once, on the way back to a time. */
const entriesPerRead = 25;

/** What of a version tells whether it is there for its readers. */
type Entry = Pick<ContextVersionView, 'version' | 'deleted'> & Pick<ContextHead, 'expires_at'>;

/** The highest version of a document that was stamped at this time or before, in the archive too; undefined: it had none. */
export async function versionAt(deps: ContextDeps, latest: ContextHead, at: string): Promise<Entry | undefined> {
  if (latest.updated_at <= at) return latest;
  const wasThen = (entry: ContextVersionView) => entry.at <= at;
  if (latest.archive !== undefined) return (await deps.documents.entries(latest)).findLast(wasThen);
  let cursor: string | undefined;
  do {
    const page = await deps.documents.versions(latest, entriesPerRead, cursor);
    const entry = page.items.find(wasThen);
    if (entry !== undefined) return entry;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return undefined;
}

/** The oldest version of a document that a snapshot names; undefined: none keeps it from being removed. */
export async function pinnedVersion(deps: ContextDeps, head: ContextHead): Promise<number | undefined> {
  const covering = (await standing(deps, head.namespace)).filter(
    ({ under }) => under === undefined || liesIn(head.context_id, under),
  );
  for (const { at } of covering.sort((one, other) => (one.at < other.at ? -1 : 1))) {
    const entry = await versionAt(deps, head, at);
    if (entry !== undefined && !isGone(entry, Date.parse(at))) return entry.version;
  }
  return undefined;
}
