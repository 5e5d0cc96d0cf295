import { type Outcome, refused } from '../../../contracts/errors.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { KeyRule } from '../../core/ready/key-rule.ts';
import { cancelChange, startingAt } from '../../core/tasks/task.ts';
import { tickDelays } from '../../core/tasks/timers.ts';
import type { DistributorDeps, KeyMark } from '../../ports.ts';

/** Times a submission looks again after somebody else was faster with its key. */
const racesMax = 8;

/** What became of a submission under a key: its row is new, or that of another one (the same submission before, or the one that it joins). */
export interface Marked {
  readonly row: TaskRow;
  readonly isNew: boolean;
}

type Step = Pick<KeyMark, 'since'> & { readonly row: TaskRow; readonly replaced?: TaskRow };

const isLive = (row: TaskRow | undefined): row is TaskRow => row?.status === 'Queued' || row?.status === 'Processing';

/** What a submission does, given the task that its key names: joins it, is refused, or takes the key, perhaps from one that it replaces. */
function decide(
  rule: KeyRule,
  row: TaskRow,
  mark: KeyMark | undefined,
  named: TaskRow | undefined,
): Outcome<Step | Marked> {
  if (rule.kind === 'singleton') {
    if (!isLive(named)) return { ok: true, value: { row, since: row.created_at } };
    if (rule.on_conflict === 'join') return { ok: true, value: { row: named, isNew: false } };
    return refused(
      'singleton-conflict',
      `${named.task_id} has the key ${rule.key} and is ${named.status}`,
      'distribution_rules.singleton',
    );
  }
  const replaced = named?.status === 'Queued' ? { replaced: named } : {};
  // Replaced again and again it would never run: the first of them says until when.
  const since = named?.status === 'Queued' ? (mark?.since ?? row.created_at) : row.created_at;
  const longest = rule.max_delay_ms === undefined ? Infinity : Date.parse(since) + rule.max_delay_ms;
  const not_before = new Date(Math.min(Date.parse(row.created_at) + rule.delay_ms, longest)).toISOString();
  return { ok: true, value: { row: startingAt(row, not_before), since, ...replaced } };
}

/** Tells of the task that was replaced, and puts the tick on its way that wakes the new one. */
async function announce(deps: DistributorDeps, { row, replaced }: Step): Promise<void> {
  if (row.not_before !== undefined)
    await deps.messenger.ticks(row.pool, tickDelays([row.not_before], deps.sources.now()));
  if (replaced === undefined) return;
  const { task_id, correlation_id } = replaced;
  const data = { task_id, by: row.submitted_by, cancelled_at: row.created_at };
  await deps.messenger.announce([{ type: 'TaskCancelled', data, correlation_id, causation_id: row.task_id }]);
}

/**
 * Accepts a task that says something about others with its key. The key's mark names the task that has it, and moves in one transaction with the new row: of two
 * submissions one is first, and no crash leaves a key that nobody has. Whether its task is over is told by that task's row, so that nothing has to be given back.
 */
export async function acceptMarked(deps: DistributorDeps, row: TaskRow, rule: KeyRule): Promise<Outcome<Marked>> {
  const name = `${rule.kind}#${rule.key}`;
  for (let race = 0; race < racesMax; race += 1) {
    const mark = await deps.tasks.mark(row.pool, name);
    const [own, named] = await deps.tasks.get([row.task_id, mark?.task_id ?? row.task_id]);
    if (own !== undefined) return { ok: true, value: { row: own, isNew: false } };
    const step = decide(rule, row, mark, named);
    if (!step.ok || 'isNew' in step.value) return step as Outcome<Marked>;
    const { row: fresh, since, replaced } = step.value;
    const reason = `replaced by ${row.task_id}`;
    const inserted = await deps.tasks.insertMarked(fresh, {
      mark: { name, task_id: row.task_id, since },
      was: mark?.task_id,
      ...(replaced === undefined
        ? {}
        : { change: cancelChange(replaced, { now: Date.parse(row.created_at), reason }) }),
    });
    if (!inserted) continue;
    await announce(deps, step.value);
    return { ok: true, value: { row: fresh, isNew: true } };
  }
  return refused('version-conflict', `too many submissions of the key ${rule.key} at once`);
}
