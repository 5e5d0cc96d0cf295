import type { SpillRule } from '../../../contracts/distributor/policy.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { routerOfPool } from '../policy/routing.ts';
import { type Admission, fullRulesOf, requiresJust } from './overflow.ts';
import { readyOrder } from './ready-order.ts';
import { routeOf, routeRow } from './route.ts';

/** Whether only certain agents are to have it, so that others are no help: it names some, or a rule of the policy pins it to one. */
function isBound(row: TaskRow, { policy }: Admission, now: number): boolean {
  const route = routeRow(row.pool, row);
  if (route.agents.length > 0) return true;
  return routerOfPool(policy, now)({ ...row, order: readyOrder(row) }, route).isPinned;
}

/**
 * A new task as it is accepted: where its queue is full by a rule that spills, it requires that rule's capabilities instead of its own. Of several such rules the first in the
 * policy decides. One that is bound to certain agents stays as it is, and one that requires just these already. `now` is epoch ms.
 */
export function spilled(row: TaskRow, admission: Admission, now: number): TaskRow {
  const rule = fullRulesOf(admission, row).find((each): each is SpillRule => each.then === 'spill');
  if (rule === undefined || requiresJust(row, rule.to) || isBound(row, admission, now)) return row;
  const required = { ...row, required_capabilities: rule.to };
  return { ...required, route: routeOf(required), spilled: { by: rule.name, from: [...row.required_capabilities] } };
}
