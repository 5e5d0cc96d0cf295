import type { OverflowRule } from '../../src/contracts/distributor/policy.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import type { Sharing } from './drawn-shares.ts';

/** What spilled tasks require, and no other one does. */
export const spilledTo = ['spill'] as const;

/** In some seeds in which nobody shares the pool new tasks are spilled while a few wait, to what only the first agent offers, which always comes back. */
export function drawOverflow(random: Random, drawn: Sharing): Sharing {
  if (drawn.policy !== undefined || !random.chance(0.15)) return drawn;
  const rule: OverflowRule = { name: 'spilling', waiting_max: 1 + random.below(2), then: 'spill', to: [...spilledTo] };
  const agents = drawn.agents.map((agent, index) =>
    index === 0 ? { ...agent, capabilities: [...agent.capabilities, ...spilledTo] } : agent,
  );
  return { ...drawn, agents, policy: { overflow: [rule] } };
}
