import { nodeTaskId, workflowOf } from '../../../contracts/ids.ts';
import { isTask } from '../../../contracts/workflow/nodes.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { deadlineTimerOf } from '../../../distributor/core/tasks/expiry.ts';
import type { TaskChange } from '../../../distributor/core/tasks/task-change.ts';
import { moveChange } from '../../../distributor/core/tasks/task.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import { startedNodes } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { hintsOf } from './commit-advance.ts';
import { graphOfRun, joinedIn, type Run } from './load-run.ts';
import { latestEnds, placeOf } from './prepare-nodes.ts';

/** Rows moved at a time. More: a function that dies leaves more of them to be read again. */
const moveSizeMax = 100;
/** Times a task is looked at again that somebody else changed first. One that is changed more often is most likely running by then. */
const racesMax = 3;

/** Sets the timers of tasks whose deadlines ask for something to what they ask for as they get it. */
async function setDeadlines(deps: WorkflowDeps, rows: readonly TaskRow[], changes: readonly TaskChange[]) {
  const moved = rows.flatMap((row) => {
    const { deadline, priority } = changes.find(({ task_id }) => task_id === row.task_id)?.patch ?? {};
    return typeof deadline === 'string' ? [{ ...row, deadline, priority: priority ?? row.priority }] : [];
  });
  await deps.tasks.setDeadlines(moved);
  const dues = moved.flatMap((row) => deadlineTimerOf(row) ?? []);
  for (const { pool } of moved.slice(0, 1))
    if (dues.length > 0) await deps.messenger.ticks(pool, tickDelays(dues, deps.sources.now()));
}

/**
 * Moves the waiting tasks of a run to where its priority and deadline put them, each on its fence. What runs goes on as it is, and so does what stands right already: a
 * repeat changes nothing. Does nothing for a run that was never updated.
 */
export async function moveTasks(deps: WorkflowDeps, run: Run): Promise<void> {
  const { head, pinned } = run;
  if (head.updated !== true) return;
  const graph = graphOfRun(run);
  const latest = await latestEnds(deps, { run, graph });
  const names = startedNodes(pinned.definition, head.nodes, joinedIn(run));
  for (let at = 0; at < names.length; at += moveSizeMax) {
    let left = names.slice(at, at + moveSizeMax).map((name) => nodeTaskId(head.workflow_id, name));
    for (let race = 0; race < racesMax && left.length > 0; race += 1) {
      const rows = (await deps.tasks.get(left)).flatMap((row) => row ?? []);
      const changes = rows.flatMap((row) => {
        const index = graph.indexOf.get(workflowOf(row.task_id)?.node ?? '') ?? -1;
        const node = graph.nodes[index];
        const place = isTask(node) ? placeOf(head, node, Date.parse(row.created_at), latest(index)) : row;
        return moveChange(row, place, deps.sources.now()) ?? [];
      });
      await setDeadlines(deps, rows, changes);
      const changed = await deps.tasks.change(changes);
      const moved = new Set(changes.flatMap(({ task_id }, index) => (changed[index]?.applied === true ? task_id : [])));
      await deps.messenger.hint(hintsOf(rows.filter(({ task_id }) => moved.has(task_id))));
      left = changes.flatMap(({ task_id }) => (moved.has(task_id) ? [] : task_id));
    }
  }
}
