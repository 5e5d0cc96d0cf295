import type { Announcement } from '../../../contracts/events.ts';
import type { PoolRows, ReadyTask } from '../../../contracts/rows.ts';
import { isKnown } from '../../core/strategies/registry.ts';
import type { StrategyContext } from '../../core/strategies/strategy.ts';

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

/** The scoring expressions of a pool's policy; `faults` gets those that fail. Costs nothing where there are none. */
export function openScores({ policy, agents }: PoolRows, faults: Faults = new Map()): AgentScores {
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
  return {
    customScores: (expression, task_type) => values.get(`${task_type} ${expression}`),
    read: async (tasks) => {
      // It brings JSONata, which is as large as all our own code: loaded where a policy has an expression.
      const { scoresOf } = await import('../../core/policy/expression.ts');
      for (const { task_type } of tasks) {
        if (read.has(task_type)) continue;
        read.add(task_type);
        for (const { strategy, score } of custom) {
          // One that has failed is not tried again and again: each trial may take all its time.
          if (faults.has(strategy)) continue;
          const scored = await scoresOf(score, agents, task_type);
          if (scored.ok) values.set(`${task_type} ${score}`, scored.value);
          else faults.set(strategy, scored.error.message);
        }
      }
    },
  };
}

/** The same for tasks that are all known. */
export async function scoreAgents(pool: PoolRows, tasks: readonly ReadyTask[], faults?: Faults): Promise<AgentScores> {
  const scores = openScores(pool, faults);
  await scores.read(tasks);
  return scores;
}
