import { agentsTogetherMax } from '../../src/contracts/limits.ts';
import type { AgentRow } from '../../src/contracts/rows.ts';
import { hashOf } from '../../src/distributor/core/strategies/hash.ts';
import { ownPart } from '../../src/platform/aws/distributor/agent-access.ts';
import { itemBytes } from '../../src/platform/twin/expressions/values.ts';
import type { Scenario } from '../../src/simulator/engine.ts';
import type { Scheduling } from '../../src/simulator/scheduling.ts';

/** DynamoDB's limits of one partition (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html), units a second. */
export const partitionWriteUnitsMax = 1_000;
export const partitionReadUnitsMax = 3_000;
const writeUnitBytes = 1_024;
/** Strongly consistent reads. */
const readUnitBytes = 4_096;

/** Units by partition: `agents <part>`, `index <part>`. */
export interface PartitionLoad {
  readonly writes: Map<string, number>;
  readonly reads: Map<string, number>;
}

/** The most that any partition of this kind took. */
export function busiest(units: ReadonlyMap<string, number>, kind: 'agents' | 'index'): number {
  return Math.max(...[...units].map(([name, count]) => (name.startsWith(kind) ? count : 0)));
}

/** Counts what the dispatchers of a pool and the results would write and read, round by round: rows by their size in DynamoDB, where the adapters put them. `readyParts`: of the one route. */
export function countingLoad(
  make: Scenario['scheduling'],
  readyParts: number,
): {
  scheduling: Scenario['scheduling'];
  load: PartitionLoad;
} {
  const load: PartitionLoad = { writes: new Map(), reads: new Map() };
  const add = (units: Map<string, number>, name: string, count: number) =>
    units.set(name, (units.get(name) ?? 0) + count);
  const scheduling: Scenario['scheduling'] = (crew, freeSlots) => {
    const inner = make(crew, freeSlots);
    const places = new Map<AgentRow, string>();
    // Whoever came first stands with the pool.
    const placeOf = (agent: AgentRow): string => {
      const known = places.get(agent);
      if (known !== undefined) return known;
      const place = `agents ${places.size < agentsTogetherMax ? 0 : ownPart(agent.agent_id)}`;
      places.set(agent, place);
      return place;
    };
    const inIndex = (task_id: string) => {
      add(load.writes, `index ${hashOf(task_id) % readyParts}`, 1);
    };
    const onAgent = (agent: AgentRow) => {
      add(load.writes, placeOf(agent), Math.ceil(bytesOf(agent) / writeUnitBytes));
    };
    const counted: Scheduling = {
      ...inner,
      insert(task, route) {
        inIndex(task.task_id);
        inner.insert(task, route);
      },
      decide(now) {
        const decision = inner.decide(now);
        for (const [place, rows] of Map.groupBy(crew, placeOf)) {
          const bytes = rows.reduce((sum, row) => sum + bytesOf(row), 0);
          add(load.reads, place, Math.ceil(bytes / readUnitBytes));
        }
        // A reservation is one write an agent, whatever it takes; the release of each result is another.
        for (const agent of new Set(decision.handouts.map(({ agent }) => agent))) onAgent(agent);
        for (const { agent, task } of decision.handouts) {
          onAgent(agent);
          inIndex(task.task_id);
        }
        return decision;
      },
    };
    return counted;
  };
  return { scheduling, load };
}

/** What a row of production has besides the simulated one: keys, and the text of an inbox's address. */
const furtherBytes = 120;

/** The row's size in DynamoDB. What only the simulation keeps is no part of it. */
function bytesOf({ occupied: _occupied, ...row }: AgentRow): number {
  return furtherBytes + itemBytes({ ...row });
}
