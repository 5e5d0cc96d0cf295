import type { AgentView, CapabilityView } from '../../../contracts/distributor/agent.ts';
import type { TaskRow } from '../../../contracts/rows.ts';

/** What a fleet offers and what waits for it, by name: a capability that only tasks name is in it too, with no agent. */
export function capabilityMap(
  agents: readonly AgentView[],
  waiting: readonly Pick<TaskRow, 'required_capabilities'>[],
): readonly CapabilityView[] {
  const named = [
    ...agents.flatMap((agent) => agent.capabilities),
    ...waiting.flatMap((task) => task.required_capabilities),
  ];
  return [...new Set(named)].sort().map((capability) => {
    const offering = agents.filter(({ capabilities }) => capabilities.includes(capability));
    const available = offering.filter(({ status }) => status !== 'Unavailable');
    return {
      capability,
      agents: offering.length,
      available: available.length,
      slots: available.reduce((sum, agent) => sum + agent.capacity, 0),
      free: available.reduce((sum, agent) => sum + agent.free_slots, 0),
      waiting: waiting.filter(({ required_capabilities }) => required_capabilities.includes(capability)).length,
    };
  });
}
