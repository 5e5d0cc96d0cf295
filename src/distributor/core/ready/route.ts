import { defaultNamespace, workflowOf } from '../../../contracts/ids.ts';
import { keyLanesMax } from '../../../contracts/limits.ts';
import type { PoolRows, RouteRow } from '../../../contracts/rows.ts';
import type { DistributionRules } from '../../../contracts/distributor/task.ts';
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

/** The route of a task: its sorted capabilities and the agents it names, readable, for example `code:python,docs@alice,bob`; with a key also its lane (`%7`), under a budget another one (`$7`), in a namespace of its own that before it (`acme|`), and so its submitter where the policy tells these apart (`acme~AIDA1|`). */
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
