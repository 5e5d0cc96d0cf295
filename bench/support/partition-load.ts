import type { Scheduling } from '../../src/simulator/scheduling.ts';
import type { Scenario } from '../../src/simulator/engine.ts';

/** DynamoDB's limit of one partition (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html), write units a second; its 3,000 read units are never near. */
export const partitionWriteUnitsMax = 1_000;
const writeUnitBytes = 1_024;
/** Strongly consistent reads. */
const readUnitBytes = 4_096;

/** Units that a run used of the two partitions of its pool: the agents' rows, and the ready index of its one route. */
interface PartitionLoad {
  agentWrites: number;
  agentReads: number;
  indexWrites: number;
  handouts: number;
}

/** Counts what the dispatcher would write and read, round by round, by the sizes of the rows as they are. */
export function countingLoad(make: Scenario['scheduling']): {
  scheduling: Scenario['scheduling'];
  load: PartitionLoad;
} {
  const load: PartitionLoad = { agentWrites: 0, agentReads: 0, indexWrites: 0, handouts: 0 };
  const scheduling: Scenario['scheduling'] = (crew, freeSlots) => {
    const inner = make(crew, freeSlots);
    const counted: Scheduling = {
      ...inner,
      insert(task, route) {
        load.indexWrites += 1;
        inner.insert(task, route);
      },
      decide(now) {
        const decision = inner.decide(now);
        const bytes = crew.reduce((sum, row) => sum + JSON.stringify(row).length, 0);
        load.agentReads += Math.ceil(bytes / readUnitBytes);
        // A reservation is one write an agent, whatever it takes; the release of each result is another.
        const agents = new Set(decision.handouts.map(({ agent }) => agent));
        for (const agent of agents) load.agentWrites += units(JSON.stringify(agent).length);
        for (const { agent } of decision.handouts) load.agentWrites += units(JSON.stringify(agent).length);
        load.indexWrites += decision.handouts.length;
        load.handouts += decision.handouts.length;
        return decision;
      },
    };
    return counted;
  };
  return { scheduling, load };
}

const units = (bytes: number): number => Math.ceil(bytes / writeUnitBytes);
