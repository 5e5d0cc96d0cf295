import type { OverflowRule } from '../../../contracts/distributor/policy.ts';
import type { PoolRows, RouteRow } from '../../../contracts/rows.ts';
import { namespaceOf } from './route.ts';

/** What a pool says of submissions: which queues are full, and the policy in force. */
export type Admission = Pick<PoolRows, 'full' | 'policy'>;

const isAbout = ({ namespace }: OverflowRule, thing: Parameters<typeof namespaceOf>[0]): boolean =>
  namespace === undefined || namespaceOf(thing) === namespace;

/** The overflow rules that say what becomes of a new task, since their queues are full; one that has gone from the policy says nothing any more. In the policy's order. */
export function fullRulesOf(
  { full = {}, policy }: Admission,
  task: Parameters<typeof namespaceOf>[0],
): readonly OverflowRule[] {
  const { overflow = [] } = policy?.document ?? {};
  return overflow.filter((rule) => Object.hasOwn(full, rule.name) && isAbout(rule, task));
}

const setOf = (capabilities: readonly string[]): string => [...new Set(capabilities)].sort().join();

/** Whether these capabilities are the very ones that are required. */
export const requiresJust = (
  { required_capabilities: required }: Pick<RouteRow, 'required_capabilities'>,
  capabilities: readonly string[],
): boolean => setOf(required) === setOf(capabilities);

/** The routes whose tasks a rule counts. What waits for the agents that it spills to does not count: once full, it would spill until those have done everything. */
export function countedRoutes({ routes }: PoolRows, rule: OverflowRule): readonly RouteRow[] {
  return routes.filter((route) => isAbout(rule, route) && !(rule.then === 'spill' && requiresJust(route, rule.to)));
}
