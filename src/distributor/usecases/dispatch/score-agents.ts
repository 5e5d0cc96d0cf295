import type { Announcement } from '../../../contracts/events.ts';
import { scoringRoundMsMax } from '../../../contracts/limits.ts';
import type { PoolRows, ReadyTask } from '../../../contracts/rows.ts';
import { isKnown } from '../../core/strategies/registry.ts';
import type { StrategyContext } from '../../core/strategies/strategy.ts';
import type { DistributorDeps } from '../../ports.ts';

/** Why strategies of a policy could not decide, by their names. */
export type Faults = Map<string, string>;

/** Tells which strategies of the policy could not decide; their fallbacks have. */
export function faultNews({ pool, policy }: Pick<PoolRows, 'pool' | 'policy'>, faults: Faults): Announcement[] {
  const causes = { correlation_id: pool, causation_id: pool };
  return [...faults].map(([strategy, message]) => ({
    ...{ type: 'PolicyFailed', data: { pool, version: policy?.version ?? 0, strategy, message } },
    ...causes,
  }));
}

/** What the expressions of a policy give. */
export interface AgentScores {
  readonly customScores: StrategyContext<'custom'>['customScores'];
  /** Evaluates them for the types of these tasks, before anything is decided about those. */
  readonly read: (tasks: readonly ReadyTask[]) => Promise<void>;
}

/** The scoring expressions of a pool's policy; `faults` gets those that fail, or for which `scoringRoundMsMax` leaves no time. Costs nothing where there are none. */
export function openScores(
  { sources }: Pick<DistributorDeps, 'sources'>,
  { policy, agents }: PoolRows,
  faults: Faults = new Map(),
): AgentScores {
  const documents = [policy?.document, policy?.canary?.document];
  const strategies = documents.flatMap((document) => Object.entries(document?.strategies ?? {}));
  for (const [strategy, { use }] of strategies)
    if (!isKnown(use)) faults.set(strategy, `this version of Cadre has no strategy ${use as string}`);
  const custom = strategies.flatMap(([strategy, settings]) =>
    settings.use === 'custom' ? [{ strategy, score: settings.score }] : [],
  );
  if (custom.length === 0) return { customScores: undefined, read: async () => undefined };
  const values = new Map<string, ReadonlyMap<string, number>>();
  const read = new Set<string>();
  let spentMs = 0;
  const scored = async (strategy: string, score: string, task_type: string) => {
    if (spentMs >= scoringRoundMsMax) {
      const message = `the policy's expressions took ${scoringRoundMsMax} ms before tasks of type ${task_type} had their turn; make them simpler, or fewer`;
      faults.set(strategy, message);
      return;
    }
    // It brings JSONata, which is as large as all our own code: loaded where a policy has an expression.
    const { scoresOf } = await import('../../core/policy/expression.ts');
    const from = sources.now();
    const outcome = await scoresOf(score, agents, task_type);
    spentMs += sources.now() - from;
    if (outcome.ok) values.set(`${task_type} ${score}`, outcome.value);
    else faults.set(strategy, outcome.error.message);
  };
  return {
    customScores: (expression, task_type) => values.get(`${task_type} ${expression}`),
    read: async (tasks) => {
      for (const { task_type } of tasks) {
        if (read.has(task_type)) continue;
        read.add(task_type);
        for (const { strategy, score } of custom) {
          // One that has failed is not tried again and again: each trial may take all its time.
          if (!faults.has(strategy)) await scored(strategy, score, task_type);
        }
      }
    },
  };
}

/** The same for tasks that are all known. */
export async function scoreAgents(
  deps: Pick<DistributorDeps, 'sources'>,
  pool: PoolRows,
  tasks: readonly ReadyTask[],
  faults?: Faults,
): Promise<AgentScores> {
  const scores = openScores(deps, pool, faults);
  await scores.read(tasks);
  return scores;
}
