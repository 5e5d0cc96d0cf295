import type { AgentView, QueueView } from '../../contracts/distributor/agent.ts';
import type { SystemStatusView } from '../../contracts/api.ts';

/** What the state of a deployment is told from. */
export interface SystemFacts {
  readonly agents: readonly AgentView[];
  readonly queues: readonly QueueView[];
  /** Failed tasks and unreadable messages that nobody has looked after. */
  readonly dead_letters: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Share of agents gone from which the deployment counts as degraded. */
const lostShareDegraded = 0.5;

type Level = SystemStatusView['status'];

interface Finding {
  readonly level: Level;
  readonly reason: string;
}

const levels: readonly Level[] = ['Healthy', 'Warning', 'Degraded', 'Critical'];

function findings({ agents, queues, dead_letters }: SystemFacts, queued: number): readonly Finding[] {
  const lost = agents.filter((agent) => agent.status === 'Unavailable');
  const available = agents.length - lost.length;
  const found: Finding[] = [];
  if (available === 0 && queued > 0) {
    found.push({ level: 'Critical', reason: `${queued} tasks wait and no agent is available` });
  } else if (agents.length === 0) {
    found.push({ level: 'Warning', reason: 'no agent is registered' });
  }
  if (lost.length > 0) {
    const level = lost.length / agents.length >= lostShareDegraded ? 'Degraded' : 'Warning';
    found.push({ level, reason: `${lost.length} of ${agents.length} agents are silent: ${namesOf(lost)}` });
  }
  const degraded = agents.filter((agent) => agent.status === 'Degraded');
  if (degraded.length > 0) found.push({ level: 'Warning', reason: `agents that fail often: ${namesOf(degraded)}` });
  for (const queue of queues) {
    if (queue.type === 'dead-letter' && queue.current_size > 0) {
      const reason = `${queue.id} holds ${queue.current_size} messages that could not be handled`;
      found.push({ level: 'Degraded', reason });
    }
    if (queue.max_size > 0 && queue.current_size >= queue.max_size) {
      found.push({ level: 'Degraded', reason: `${queue.id} is full (${queue.current_size})` });
    }
  }
  if (dead_letters > 0) {
    found.push({ level: 'Warning', reason: `${dead_letters} dead letters wait for somebody to look at them` });
  }
  return found;
}

function namesOf(agents: readonly AgentView[]): string {
  const shown = agents.slice(0, 5).map((agent) => agent.id);
  return agents.length > shown.length
    ? `${shown.join(', ')} and ${agents.length - shown.length} more`
    : shown.join(', ');
}

/** How the deployment is, with every reason for it: the one function behind each surface that shows a status. */
export function systemStatus(facts: SystemFacts): SystemStatusView {
  const queued = facts.queues
    .filter((queue) => queue.type === 'ready')
    .reduce((sum, queue) => sum + queue.current_size, 0);
  const found = findings(facts, queued);
  const worst = found.reduce((most, { level }) => Math.max(most, levels.indexOf(level)), 0);
  const available = facts.agents.filter((agent) => agent.status !== 'Unavailable');
  return {
    status: levels[worst] ?? 'Critical',
    reasons: found.map(({ reason }) => reason),
    agents: {
      total: facts.agents.length,
      available: available.length,
      slots: available.reduce((sum, agent) => sum + agent.capacity, 0),
      occupied: facts.agents.reduce((sum, agent) => sum + Math.min(agent.capacity, agent.busy_slots), 0),
    },
    tasks: { queued },
    dead_letters: facts.dead_letters,
    checked_at: new Date(facts.now).toISOString(),
  };
}
