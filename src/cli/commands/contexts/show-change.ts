import type { ChangeAnswer } from '../../../contracts/context/requests.ts';

/** Exit code of a change: whether it is in the history. */
export function exitOfChange({ outcome }: { readonly outcome?: string }): number {
  return outcome === 'stale' || outcome === 'conflict' ? 6 : 0;
}

/** What became of a change, in words. */
export function showChange(answer: ChangeAnswer): string {
  const { outcome, head } = answer;
  const at = `${head.context_id} is at version ${String(head.version)}`;
  if (outcome === 'stale')
    return `Nothing was written: ${at}.${answer.merge?.ok === true ? ' A merge would succeed (--merge).' : ''}`;
  if (outcome === 'conflict')
    return `Kept as conflict ${answer.conflict_id}: ${answer.conflicts.map(({ path, reason }) => `${path} (${reason})`).join('; ')}. ${at}.`;
  return `${outcome[0]?.toUpperCase() ?? ''}${outcome.slice(1)}: ${at}.`;
}
