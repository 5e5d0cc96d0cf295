import { type Outcome, refused } from '../../../contracts/errors.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { redriveChange } from '../../core/tasks/task.ts';
import type { DistributorDeps } from '../../ports.ts';

/** Puts a dead letter back to work: a failed task is queued anew, a message goes back to the queue it came from. */
export async function redriveDeadLetter(
  deps: DistributorDeps,
  request: { readonly id: string },
): Promise<Outcome<{ readonly id: string; readonly kind: 'task' | 'message' }>> {
  const { id } = request;
  const [row] = await deps.tasks.get([id]);
  if (row !== undefined) {
    const workflow = workflowOf(id);
    if (workflow !== undefined)
      return refused(
        'already-finished',
        `its workflow ${workflow.workflow_id} went on without it: run the workflow again`,
        'id',
      );
    if (row.status !== 'Failed') return refused('already-finished', `the task is ${row.status}, not Failed`, 'id');
    const [changed] = await deps.tasks.change([redriveChange(row, deps.sources.now())]);
    if (changed?.applied !== true) return refused('version-conflict');
    await deps.messenger.hint([{ pool: row.pool, routes: [row.route] }]);
    return { ok: true, value: { id, kind: 'task' } };
  }
  const letter = await deps.deadLetters.get(id);
  if (letter === undefined) return refused('not-found', `no failed task or dead letter has the id ${id}`, 'id');
  const body = letter.body.ref === undefined ? letter.body : { text: await deps.blobs.get(letter.body.ref.key) };
  // Sent before removed: a crash in between sends it twice, which is safe, and never loses it.
  await deps.deadLetters.resend({ ...letter, body });
  await deps.deadLetters.remove(id);
  return { ok: true, value: { id, kind: 'message' } };
}
