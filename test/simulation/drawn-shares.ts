import type { PolicyDocument } from '../../src/contracts/distributor/policy.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import type { Scenario, SimulatedAgent } from './scenario.ts';

/** Those who share a pool in a seed: two namespaces, or two submitters. */
export const sharers = { namespaces: ['red', 'blue'], submitters: ['ann', 'ben'] } as const;

/** So many tasks of each come at once: more than there are slots for. */
const tasksOfEach = 8;
/** When they come at the earliest: every process has seen the policy by then, which it reads every three seconds. */
const afterPolicyMs = 4_000;

/** A pool that is shared out: its policy, what comes of both who share at one moment, and the agents. */
export type Sharing = Pick<Scenario, 'policy' | 'tasks' | 'agents'>;

/** In some seeds two share a pool, and in some of these slots are kept for one of them; most of their agents take no batches, since their starts cannot be told one by one. */
export function drawSharing(random: Random, agents: readonly SimulatedAgent[]): Sharing {
  if (!random.chance(0.24)) return { tasks: [], agents };
  const weights = [1 + random.below(3), 1 + random.below(3)] as const;
  const isBySubmitter = random.chance(0.35);
  const keeps = !isBySubmitter && random.chance(0.75);
  const reservation = {
    name: 'kept',
    match: { namespace: [sharers.namespaces[1]] },
    percent: 50 + random.below(41),
  };
  // Whose slots are kept gets little else: so it shows when nobody keeps them.
  const [red, blue] = keeps ? [6, 1] : weights;
  const policy: PolicyDocument = {
    ...(isBySubmitter ? { submitters: { ann: red, '*': blue } } : { shares: { red, blue, '*': 1 } }),
    ...(keeps ? { reservations: [reservation] } : {}),
  };
  const at = afterPolicyMs + random.below(2_000);
  const names = isBySubmitter ? sharers.submitters : sharers.namespaces;
  const tasks = names.flatMap((name) =>
    Array.from({ length: tasksOfEach }, (_, index) => ({
      at,
      task: {
        ...{ task_id: `${name}-${index}`, task_type: 'work', priority: 'medium' as const, payload: {} },
        ...{ required_capabilities: [] },
        ...(isBySubmitter ? {} : { namespace: name }),
      },
      via: 'api' as const,
      ...(isBySubmitter ? { principal: name } : {}),
    })),
  );
  const alone = agents.map(({ batch: _batch, ...agent }) => agent);
  // With few slots there is work for whom they are kept as long as the others have some.
  if (keeps) return { policy, tasks, agents: alone.map((agent) => ({ ...agent, slots: 1 })) };
  return { policy, tasks, agents: random.chance(0.7) ? alone : agents };
}
