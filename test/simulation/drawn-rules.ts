import type { PolicyRule } from '../../src/contracts/distributor/policy.ts';
import { plainStrategies } from '../../src/contracts/distributor/strategy.ts';
import { priorities } from '../../src/contracts/distributor/task.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import type { Sharing } from './drawn-shares.ts';

/** In some seeds without another policy a rule pins a level to the first agent, which always comes back, or keeps it from the second one; and another strategy chooses. */
export function drawRules(random: Random, drawn: Sharing): Sharing {
  if (drawn.policy !== undefined || !random.chance(0.2)) return drawn;
  const does: Pick<PolicyRule, 'pin' | 'exclude_agents'> = random.chance(0.6)
    ? { pin: 'agent-0' }
    : { exclude_agents: ['agent-1'] };
  const rules: PolicyRule[] = [{ name: 'ruled', match: { priority: [random.pick(priorities)] }, ...does }];
  return { ...drawn, policy: { rules, strategy: random.pick(plainStrategies) } };
}
