import { defaultNamespace, workflowOf } from '../../../contracts/ids.ts';
import { degradedFailuresMin, keyLanesMax } from '../../../contracts/limits.ts';
import type { AgentRow, PoolRows, RouteRow } from '../../../contracts/rows.ts';
import type { DistributionRules } from '../../../contracts/distributor/task.ts';
import { heldSlots } from '../agents/hold.ts';
import { hashOf } from '../strategies/hash.ts';

interface Requirement {
  readonly task_id?: string;
  readonly required_capabilities: readonly string[];
  readonly distribution_rules?: DistributionRules | undefined;
  readonly namespace?: string | undefined;
  readonly budgeted?: true | undefined;
  readonly submitter?: string | undefined;
}

/** The agents a task names, primary first. */
function pinnedAgents(task: Requirement): readonly string[] {
  const rules = task.distribution_rules;
  const named = [...(rules?.primary_agent === undefined ? [] : [rules.primary_agent]), ...(rules?.backup_agents ?? [])];
  return [...new Set(named)];
}

/** The lane of a task with a key or under a budget, so that those which wait for theirs stand in nobody's way who has none. */
function keyLane({ distribution_rules: rules, budgeted, task_id = '' }: Requirement): string {
  const key = rules?.concurrency?.key ?? rules?.rate_limit?.key;
  if (budgeted === true) return `$${hashOf(key ?? workflowOf(task_id)?.workflow_id ?? '') % keyLanesMax}`;
  return key === undefined ? '' : `%${hashOf(key) % keyLanesMax}`;
}

/** The namespace of a task or route. */
export const namespaceOf = ({ namespace = defaultNamespace }: { readonly namespace?: string | undefined }): string =>
  namespace;

/** The namespaces of which tasks have come to a pool. */
export const namespacesOf = ({ routes }: PoolRows): ReadonlySet<string> => new Set(routes.map(namespaceOf));

/** The route of a task: its sorted capabilities and the agents it names, readable, for example `code:python,docs@alice,bob`; with a key also its lane (`%7`), under a budget another one (`$7`), in a namespace of its own that before it (`acme|`), and so its submitter where these share (`acme~AIDA1|`). */
export function routeOf(task: Requirement): string {
  const capabilities = [...new Set(task.required_capabilities)].sort();
  const pinned = pinnedAgents(task);
  const namespace = namespaceOf(task) === defaultNamespace ? '' : namespaceOf(task);
  // Escaped: the subject of a token may be any text.
  const sharer = `${namespace}${task.submitter === undefined ? '' : `~${encodeURIComponent(task.submitter)}`}`;
  return `${sharer === '' ? '' : `${sharer}|`}${capabilities.length === 0 ? '*' : capabilities.join(',')}${pinned.length === 0 ? '' : `@${pinned.join(',')}`}${keyLane(task)}`;
}

/** The row that makes a route known to the dispatcher and the pulse. */
export function routeRow(pool: string, task: Requirement): RouteRow {
  return {
    pool,
    route: routeOf(task),
    required_capabilities: [...new Set(task.required_capabilities)].sort(),
    agents: pinnedAgents(task),
    ...(namespaceOf(task) === defaultNamespace ? {} : { namespace: namespaceOf(task) }),
    ...(task.budgeted === true ? { budgeted: true } : {}),
    ...(task.submitter === undefined ? {} : { submitter: task.submitter }),
  };
}

/** True while the agent's lease holds and it takes new work. `now` is epoch ms. */
export function isAvailable(agent: AgentRow, now: number): boolean {
  return takesWork(agent, now) && Date.parse(agent.lease_until) > now;
}

/** True unless the agent leaves, rests or was stopped; whether anybody has heard of it is not asked. `now` is epoch ms. */
export function takesWork(agent: AgentRow, now: number): boolean {
  return !agent.draining && agent.stopped === undefined && !isInMaintenance(agent, now);
}

function isInMaintenance({ maintenance = [] }: AgentRow, now: number): boolean {
  return maintenance.some(({ from, until }) => Date.parse(from) <= now && now < Date.parse(until));
}

/** True after several failures in a row, until a task succeeds. */
export function isDegraded(agent: AgentRow): boolean {
  return (agent.failed_in_a_row ?? 0) >= degradedFailuresMin;
}

/** Slots that may be filled: all of them, but one of an agent that is degraded, and as many as it has earned of one that warms up. */
export function openSlots(agent: AgentRow): number {
  if (isDegraded(agent)) return 1;
  if (agent.warm_up !== true) return agent.capacity;
  return Math.min(agent.capacity, 1 + (agent.completed_since ?? 0));
}

/** Slots that are open and not occupied. */
export function freeSlots(agent: AgentRow): number {
  return Math.max(0, openSlots(agent) - (agent.occupied ?? heldSlots(agent).length));
}
