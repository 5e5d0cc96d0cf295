import { type BoundedExpression, boundedExpression } from '../../../contracts/bounded-expression.ts';
import { type Outcome, refused } from '../../../contracts/errors.ts';
import { scoringMsMax } from '../../../contracts/limits.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import { recordOf } from '../agents/figures.ts';
import { freeSlots } from '../agents/open-slots.ts';

/** Nested evaluations of one expression. More: the real stack may run out. */
const depthMax = 200;
/** Items of one sequence that an expression makes. More: one expression could fill the memory. */
const itemsMax = 100_000;

/** Functions whose value differs from one evaluation to the next, or that hide an expression from the check. */
const forbidden = ['now', 'millis', 'random', 'shuffle', 'eval'] as const;

function describe(error: unknown): string {
  const { message, position } = error as { message?: unknown; position?: unknown };
  const text = typeof message === 'string' ? message : String(error);
  return typeof position === 'number' ? `${text} (at character ${position})` : text;
}

const bounds = { timeout: scoringMsMax, stack: depthMax, sequence: itemsMax };

function compile(text: string): BoundedExpression {
  // Parsed alone first: a text that closes a bracket of ours is no expression.
  boundedExpression(text, bounds);
  return boundedExpression(`$map(agents, function($each) { $each.(${text}) })`, bounds, {
    names: forbidden,
    reason: 'the same agents must get the same scores',
  });
}

/** Why a text is no scoring expression; undefined when it is one. */
export function expressionFault(text: string): string | undefined {
  try {
    compile(text);
  } catch (error) {
    return describe(error);
  }
  const found = forbidden.find((name) => text.includes(`$${name}`));
  return found === undefined ? undefined : `$${found} is not available`;
}

/** What an expression sees of one agent. */
function seen(agent: AgentRow, task_type: string) {
  const { known, success, p50_ms, p95_ms, usd } = recordOf(agent.figures?.[task_type]);
  const { agent_id, type, capabilities, capacity, labels = {}, usd_per_hour } = agent;
  const facts = { agent_id, type, capabilities, capacity, labels, usd_per_hour, free: freeSlots(agent) };
  return { task_type, agent: { ...facts, known, success, p50_ms, p95_ms, usd } };
}

/**
 * The value of a scoring expression for each agent and tasks of one type. Refused with `invalid-expression` when it fails, takes too long, or gives something else
 * than a number for one of them.
 */
export async function scoresOf(
  text: string,
  agents: readonly AgentRow[],
  task_type: string,
): Promise<Outcome<ReadonlyMap<string, number>>> {
  if (agents.length === 0) return { ok: true, value: new Map() };
  try {
    const values = await compile(text).evaluate({ agents: agents.map((agent) => seen(agent, task_type)) });
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    if (list.length !== agents.length || !list.every((value) => Number.isFinite(value))) {
      return refused('invalid-expression', 'the expression does not give a number for every agent');
    }
    return { ok: true, value: new Map(agents.map(({ agent_id }, at) => [agent_id, list[at] as number])) };
  } catch (error) {
    return refused('invalid-expression', describe(error).slice(0, 1_024));
  }
}
