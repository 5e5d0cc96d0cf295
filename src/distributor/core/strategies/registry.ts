import type { ReadyTask } from '../../../contracts/rows.ts';
import {
  type PlainStrategy,
  plainStrategies,
  type StrategyName,
  type StrategySettings,
  strategySettings,
} from '../../../contracts/distributor/strategy.ts';
import { affinity } from './affinity.ts';
import { capabilityMatching } from './capability-matching.ts';
import { capacityBased } from './capacity-based.ts';
import { consistentHashing, stickyKey } from './consistent-hashing.ts';
import { costAware } from './cost-aware.ts';
import { custom } from './custom.ts';
import { geographic, regionOf } from './geographic.ts';
import { leastConnections } from './least-connections.ts';
import { leastLoaded } from './least-loaded.ts';
import { performanceBased } from './performance-based.ts';
import { predictive } from './predictive.ts';
import { random } from './random.ts';
import { shared } from './ranking.ts';
import { roundRobin } from './round-robin.ts';
import type { CandidateSet, Ranking, Strategy, StrategyContext } from './strategy.ts';
import { weighted } from './weighted.ts';

/** Every strategy by the name that policies and tasks use. */
const strategies: { readonly [N in StrategyName]: Strategy<N> } = {
  least_loaded: leastLoaded,
  round_robin: roundRobin,
  weighted,
  least_connections: leastConnections,
  random,
  consistent_hashing: consistentHashing,
  capacity_based: capacityBased,
  performance_based: performanceBased,
  capability_matching: capabilityMatching,
  affinity,
  geographic,
  cost_aware: costAware,
  predictive,
  custom,
};

/** What of a task tells where some strategies send it. */
const keys: { readonly [N in StrategyName]?: (task: ReadyTask, settings: StrategySettings & { use: N }) => string } = {
  consistent_hashing: (task, { by }) => stickyKey(task, by),
  affinity: (task, { by }) => stickyKey(task, by),
  geographic: (task, settings) => regionOf(task, settings) ?? '',
};

/** False for a strategy of a policy that a newer version of Cadre has written. */
export function isKnown(use: string): use is StrategyName {
  return Object.hasOwn(strategies, use);
}

/** What of a task tells where a strategy with these settings sends it: tasks that differ in it may go to other agents. */
export function keyOf(settings: StrategySettings, task: ReadyTask): string {
  // As below: the settings are those of the entry.
  const key = keys[settings.use] as ((task: ReadyTask, settings: StrategySettings) => string) | undefined;
  return key?.(task, settings) ?? '';
}

const plain = Object.fromEntries(plainStrategies.map((use) => [use, strategySettings.parse({ use })])) as Readonly<
  Record<PlainStrategy, StrategySettings>
>;

/** The settings of a strategy that is named without any. */
export function plainSettings(name: PlainStrategy): StrategySettings {
  return plain[name];
}

/** How a strategy with these settings ranks the candidates of one task. */
export function rank(
  settings: StrategySettings,
  task: ReadyTask,
  candidates: CandidateSet,
  context: Omit<StrategyContext<StrategyName>, 'settings'>,
): Ranking {
  // The settings say by `use` which strategy they are for; the compiler cannot follow that a table of functions keeps to it.
  const strategy = strategies[settings.use] as Strategy<StrategyName>;
  return shared(candidates, strategy(task, candidates, { ...context, settings }));
}
