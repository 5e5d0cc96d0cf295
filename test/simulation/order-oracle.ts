import type { BatchTraits } from '../../src/contracts/distributor/agent.ts';
import type { DistributionLog } from '../../src/contracts/distributor/task.ts';
import type { TaskRow } from '../../src/contracts/rows.ts';
import { isRuledOut } from './rules-oracle.ts';
import type { Check, Item } from './oracle.ts';

interface OrderView {
  peek(pk: string, sk: string): Item | undefined;
  agents(): readonly Item[];
  isDisturbed(since: number): boolean;
  isShared(task_id: string, at: number): boolean;
  hasFailed(from: number, to: number): boolean;
  /** Whether a round has read this route between these times. */
  isLookedAt(route: string, from: number, to: number): boolean;
  /** Whether the pool has a policy, which may hold tasks back that the order would start. */
  readonly hasPolicy: boolean;
  /** Since when tasks stand in the ready order under which key, by partition and id. */
  readonly ready: ReadonlyMap<string, ReadonlyMap<string, { readonly key: string; readonly since: number }>>;
  isReserved(task_id: string): boolean;
}

/** How long a round's claims may take (ms). */
const handOutMs = 1_000;
/** How long a round may read before it decides by the time of its beginning (ms). */
const readingMs = 1_000;
/** How long an entry may stay unseen by a dispatcher that reads the lagging index, with the latency of its calls (ms). */
const visibleAfterMs = 2_500;

/** The place of an entry `<level>#<due>#…` at a time: what is due counts as the highest level. Told apart from the code under test on purpose. */
function placeAt(key: string, at: number): string {
  const [level = '', due = '', ...rest] = key.split('#');
  return [Date.parse(due) <= at ? '0' : level, due, ...rest].join('#');
}

/**
 * Nothing starts before what stands before it, as the order counts at that moment, that its agent could run, and that the dispatcher could have seen when it decided. Claims of one decision may land
 * in any order, so the verdict falls when the higher one starts: in the same decision or an earlier one it was not passed over.
 */
export function createOrderOracle(check: Check, view: OrderView) {
  /** Waiting tasks that a lower one has overtaken, with the time of that decision. */
  const passed = new Map<string, { readonly lower: string; readonly decidedAt: number; readonly promise: string }[]>();

  /**
   * Whether a round had to know of this task of another route: one has read the route since the index shows it, and has left it to the agents that want it. What waits for a budget, a policy or the
   * revival of its namespace is passed over.
   */
  function isKnown(row: TaskRow, since: number, decidedAt: number): boolean {
    const isHeld = view.hasPolicy || row.budgeted === true || row.namespace !== undefined;
    return !isHeld && view.isLookedAt(row.route, since, decidedAt);
  }

  /** What agents of this claim offer. */
  function offers({ assigned_agent }: TaskRow): ReadonlySet<string> {
    const agent = view.agents().find(({ agent_id }) => agent_id === assigned_agent);
    return new Set(agent?.['capabilities'] as readonly string[] | undefined);
  }

  return (before: Item, after: Item, at: number): void => {
    const id = String(after['task_id']);
    const decidedAt = Date.parse((after['distribution'] as TaskRow['distribution'])?.distribution_time ?? '');
    for (const { lower, decidedAt: passedAt, promise } of passed.get(id) ?? []) {
      // The claim of a lower one may have come from another dispatcher before that of this one failed.
      check(
        decidedAt <= passedAt || view.hasFailed(passedAt, passedAt + handOutMs),
        at,
        promise,
        () => `${lower} started ${decidedAt - passedAt} ms before ${id}`,
      );
    }
    passed.delete(id);
    if (view.isDisturbed(decidedAt)) return;
    const { reasons = [] } = (after['distribution'] ?? {}) as Partial<DistributionLog>;
    // Who joined a batch has its first one's slot, and took none from those between them.
    if (reasons.some((reason) => reason.startsWith('in the batch of '))) return;
    const waits = view.agents().map((agent) => (agent['batch'] as BatchTraits | undefined)?.wait_ms ?? 0);
    const visibleMs = visibleAfterMs + Math.max(0, ...waits);
    const place = placeAt(String(before['gsi1sk']), decidedAt);
    const offered = offers(after as unknown as TaskRow);
    for (const [partition, lane] of view.ready) {
      const isOwn = partition === before['gsi1pk'];
      for (const [other, { key, since }] of lane) {
        if (
          placeAt(key, isOwn ? decidedAt : decidedAt - readingMs) >= place ||
          since + visibleMs >= decidedAt ||
          other === id
        )
          continue;
        const row = view.peek(`TASK#${other}`, 'TASK') as unknown as TaskRow | undefined;
        if (row === undefined || row.distribution_rules !== undefined) continue;
        if (
          !isOwn &&
          !(row.required_capabilities.every((each) => offered.has(each)) && isKnown(row, since + visibleMs, decidedAt))
        )
          continue;
        // A rule that came after the decision excuses it, too.
        if (isRuledOut(view, row, String(after['assigned_agent']), Infinity)) continue;
        if (view.isReserved(other) || view.isShared(other, decidedAt)) continue;
        passed.set(other, [
          ...(passed.get(other) ?? []),
          { lower: id, decidedAt, promise: isOwn ? 'PriorityOrder' : 'OrderOverRoutes' },
        ]);
      }
    }
  };
}
