import type { PolicyRow, TaskRow } from '../../src/contracts/rows.ts';
import type { Check, Item } from './oracle.ts';

/** How long a round may hand out by a policy that it read before the one in force was put (ms). */
const readBeforeMs = 5_000;

type View = { peek(pk: string, sk: string): Item | undefined };

/** Whether a rule of the policy that was in force keeps an agent from a task as it waits. */
export function isRuledOut({ peek }: View, { priority }: Pick<TaskRow, 'priority'>, agent_id: string, at: number) {
  const policy = peek('POOL#default', '#POLICY') as unknown as PolicyRow | undefined;
  if (policy === undefined || Date.parse(policy.at) > at) return false;
  const rule = policy.document.rules?.find(({ match }) => match.priority?.includes(priority) !== false);
  return (rule?.pin ?? agent_id) !== agent_id || rule?.exclude_agents?.includes(agent_id) === true;
}

/** No task starts on an agent that a rule keeps from it. */
export function createRulesOracle(check: Check, view: View) {
  return (before: Item, after: Item, at: number): void => {
    const { task_id, assigned_agent = '', distribution } = after as unknown as TaskRow;
    const decidedAt = Date.parse(distribution?.distribution_time ?? '');
    const isOut = isRuledOut(view, before as unknown as TaskRow, assigned_agent, decidedAt - readBeforeMs);
    check(!isOut, at, 'StartsByRule', () => `${task_id} started on ${assigned_agent}`);
  };
}
