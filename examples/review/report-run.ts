import { topEntriesMax } from './limits.ts';
import { byKeys } from './ordering.ts';
import { cell, code, count, duration, table } from './markdown-text.ts';
import type { ReviewReport, TimedTask } from './review-report.ts';

/** The part of the report about the run itself: which agent did what and why, and where the time went. */
export function runSections({ tasks, agents }: ReviewReport): string[] {
  if (tasks.length === 0) return [];
  const byAgent = agents.map((each) => [
    code(each.agent_id),
    count(each.tasks),
    each.failed === 0 ? '-' : count(each.failed),
    duration(each.busy_ms),
    cell(each.work.join(', ')),
  ]);
  const slowest = [...tasks]
    .sort(
      byKeys(
        (task) => task.ran_ms ?? -1,
        (task) => task.name,
      ),
    )
    .slice(0, topEntriesMax);
  const all = table(
    ['Task', 'Status', 'Agent', 'Attempt', 'Waited', 'Ran', 'Why this agent'],
    tasks.map(taskRow),
    'lllrrrl',
  );
  return [
    `## Who did what\n\n${table(['Agent', 'Tasks', 'Failed', 'Busy', 'Work'], byAgent, 'lrrrl')}`,
    `## Where the time went\n\n${table(['Task', 'Agent', 'Waited', 'Ran'], slowest.map(slowRow), 'llrr')}`,
    `<details>\n<summary>All ${tasks.length} tasks</summary>\n\n${all}\n\n</details>`,
  ];
}

function slowRow(task: TimedTask): string[] {
  return [code(task.name), agentOf(task), duration(task.waited_ms), duration(task.ran_ms)];
}

function taskRow(task: TimedTask): string[] {
  const { name, status, attempt, waited_ms: waited, ran_ms: ran, reason } = task;
  return [code(name), status, agentOf(task), count(attempt), duration(waited), duration(ran), cell(reason ?? '-')];
}

const agentOf = ({ agent_id: id }: TimedTask): string => (id === undefined ? '-' : code(id));
