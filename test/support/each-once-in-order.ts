import { expect } from '@jest/globals';
import type { WorkflowEventView } from '../../src/contracts/api.ts';
import type { RunTask, WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';

/** Fails unless each task of a completed run was started and completed once, and none began before what it depends on had ended. */
export function expectEachOnceInOrder(
  { nodes }: WorkflowDefinition,
  tasks: readonly RunTask[],
  log: readonly WorkflowEventView[],
): void {
  const events = log.flatMap((row) => row.events);
  for (const type of ['NodeStarted', 'NodeCompleted'] as const) {
    const named = events.flatMap((event) => (event.type === type ? [event.node] : []));
    expect(named.sort()).toEqual(nodes.map(({ name }) => name).sort());
  }
  const byName = new Map(tasks.map((task) => [task.name, task]));
  for (const { name, depends_on } of nodes) {
    const { started_at = '' } = byName.get(name)!;
    for (const each of depends_on) expect(started_at >= byName.get(each)!.completed_at!).toBe(true);
  }
}
