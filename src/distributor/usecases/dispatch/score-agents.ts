import type { PoolRows, ReadyTask } from '../../../contracts/rows.ts';
import type { StrategyContext } from '../../core/strategies/strategy.ts';

/** What the expressions of a policy gave, and why those failed that did. */
export interface AgentScores {
  readonly customScores: StrategyContext<'custom'>['customScores'];
  readonly faults: readonly { readonly strategy: string; readonly message: string }[];
}

/** Evaluates the scoring expressions of a pool's policy for the types of these tasks, before anything is decided. Costs nothing where there are none. */
export async function scoreAgents({ policy, agents }: PoolRows, tasks: readonly ReadyTask[]): Promise<AgentScores> {
  const documents = [policy?.document, policy?.canary?.document];
  const strategies = documents.flatMap((document) => Object.entries(document?.strategies ?? {}));
  const custom = strategies.flatMap(([strategy, settings]) =>
    settings.use === 'custom' ? [{ strategy, score: settings.score }] : [],
  );
  if (custom.length === 0) return { customScores: undefined, faults: [] };
  // It brings JSONata, which is as large as all our own code: loaded where a policy has an expression.
  const { scoresOf } = await import('../../core/policy/expression.ts');
  const values = new Map<string, ReadonlyMap<string, number>>();
  const faults = new Map<string, string>();
  for (const task_type of new Set(tasks.map((task) => task.task_type))) {
    for (const { strategy, score } of custom) {
      // One that has failed is not tried again and again: each trial may take all its time.
      if (faults.has(strategy)) continue;
      const scored = await scoresOf(score, agents, task_type);
      if (scored.ok) values.set(`${task_type} ${score}`, scored.value);
      else faults.set(strategy, scored.error.message);
    }
  }
  return {
    customScores: (expression, task_type) => values.get(`${task_type} ${expression}`),
    faults: [...faults].map(([strategy, message]) => ({ strategy, message })),
  };
}
