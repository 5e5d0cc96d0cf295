import type { WorkflowNodeInput } from '../../src/contracts/workflow/nodes.ts';
import type { Runtime } from '../../src/platform/aws/deployment.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import type { VirtualClock } from '../../src/platform/twin/virtual-clock.ts';
import {
  claimApproval,
  decideApproval,
  delegateApproval,
  releaseApproval,
} from '../../src/workflow/usecases/approvals/change-approval.ts';

/** What somebody does about an approval, so long after its workflow was heard (ms). */
export interface PersonAct {
  readonly after: number;
  readonly approval_id: string;
  readonly person: string;
  readonly act: 'approve' | 'reject' | 'claim' | 'release' | 'delegate';
  readonly level: 1 | 2;
}

/** Who submits; four eyes keep this one from deciding. */
export const requester = 'client';
const people = [requester, 'ann', 'ben', 'carl'] as const;
/** A person who is told that the approval is not there yet looks again after this time (ms), so often. */
const lookAgainMs = 2_000;
const looksMax = 12;

/** An approval of two levels whose times are over soon: it ends whoever decides, or nobody. */
export function drawApproval(random: Random): WorkflowNodeInput {
  const level = () => ({
    candidates: {
      users: ['ann', 'ben', ...(random.chance(0.5) ? [requester] : [])],
      groups: random.chance(0.3) ? ['board'] : [],
    },
    needed: 1 + random.below(2),
    sla_ms: 1_100 + random.below(5_000),
    ...(random.chance(0.3) ? { remind_ms: 1_000 } : {}),
    ...(random.chance(0.5) ? { on_overdue: random.pick(['approve', 'reject'] as const) } : {}),
  });
  return {
    ...{ name: 'approve', kind: 'approval', depends_on: ['n0'], trigger_rule: 'all_done', title: 'Go on?' },
    levels: [level(), level()],
    ...(random.chance(0.5) ? { four_eyes: true } : {}),
    ...(random.chance(0.5) ? { on_reject: 'complete' as const } : { on_error: 'ignore' as const }),
  };
}

/** What people do about it; some do it twice, at the wrong time, or although they may not, and many in the same moment. */
export function drawActs(random: Random, approval_id: string, spread: number): readonly PersonAct[] {
  const moments = [random.below(spread), random.below(spread)];
  return Array.from({ length: 2 + random.below(8) }, () => ({
    after: random.pick(moments) + random.below(50),
    approval_id,
    person: random.pick(people),
    act: random.pick(['approve', 'approve', 'approve', 'reject', 'claim', 'release', 'delegate'] as const),
    level: random.pick([1, 1, 2] as const),
  }));
}

/** Lets a person act, and try again as long as nobody was asked or the service failed. */
export async function act(
  api: Runtime,
  clock: VirtualClock,
  { approval_id, person, act, level }: PersonAct,
): Promise<void> {
  const caller = { principal: person, groups: person === 'carl' ? ['board'] : [] };
  const does = () => {
    switch (act) {
      case 'claim':
        return claimApproval(api, caller, approval_id);
      case 'release':
        return releaseApproval(api, caller, approval_id);
      case 'delegate':
        return delegateApproval(api, caller, approval_id, { to: 'dora' });
      default:
        return decideApproval(api, caller, approval_id, { decision: act, level });
    }
  };
  for (let look = 0; look < looksMax; look += 1) {
    const outcome = await does().catch(() => undefined);
    const isEarly =
      outcome?.ok === false && ['not-found', 'not-started', 'version-conflict'].includes(outcome.error.code);
    if (outcome !== undefined && !isEarly) return;
    await clock.sleep(lookAgainMs);
  }
}
