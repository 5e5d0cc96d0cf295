import type { RouteRow, TaskRow } from '../../../contracts/rows.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import { nextEscalation } from './escalation.ts';
import { routeOf, routeRow } from '../ready/route.ts';

type Expiring = Pick<TaskRow, 'deadline' | 'on_expiry'>;

/** When the policy of a waiting task is due (RFC 3339); undefined when there is nothing to do then. */
export function expiresAt({ deadline, on_expiry = 'run' }: Expiring): string | undefined {
  return on_expiry === 'run' ? undefined : deadline;
}

/** When a waiting task is looked at next because of its deadline (RFC 3339): its level rises, or it follows its policy. Undefined: never. */
export function deadlineTimerOf(row: Parameters<typeof nextEscalation>[0] & Expiring): string | undefined {
  return nextEscalation(row)?.at ?? expiresAt(row);
}

/** Whether a task that waits at this time (epoch ms) follows its policy instead. */
export function isPastDeadline(row: Expiring, now: number): boolean {
  const at = expiresAt(row);
  return at !== undefined && Date.parse(at) <= now;
}

/** Why such a task ends. */
export function deadlineError({ deadline = '' }: Expiring): TaskError {
  return { code: 'deadline-passed', message: `it still waited at its deadline, ${deadline}`, retryable: false };
}

/** What a task requires once it is rerouted: its namespace, limits and preferences stay, the agents that it named do not. Undefined where its policy is another one. */
function nextRequirement({ task_id, on_expiry, distribution_rules, namespace, budgeted }: TaskRow) {
  if (typeof on_expiry !== 'object') return undefined;
  const { primary_agent: _primary, backup_agents: _backups, ...rules } = distribution_rules ?? {};
  return { task_id, required_capabilities: on_expiry.reroute, distribution_rules: rules, namespace, budgeted };
}

/** What changes with a task that is rerouted. */
type Rerouted = Required<Pick<TaskRow, 'required_capabilities' | 'distribution_rules' | 'route'>> & {
  readonly on_expiry: null;
};

/** The change of a task that is rerouted; undefined where its policy is another one. It happens once. */
export function rerouted(row: TaskRow): Rerouted | undefined {
  const next = nextRequirement(row);
  if (next === undefined) return undefined;
  const { required_capabilities, distribution_rules } = next;
  return { required_capabilities, distribution_rules, route: routeOf(next), on_expiry: null };
}

/** The routes that a task may wait in: its own, and the one that its policy moves it to. */
export function routesOfTask(row: TaskRow): readonly RouteRow[] {
  const next = nextRequirement(row);
  return [routeRow(row.pool, row), ...(next === undefined ? [] : [routeRow(row.pool, next)])];
}
