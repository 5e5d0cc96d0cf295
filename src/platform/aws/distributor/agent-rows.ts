import type { AgentRow } from '../../../contracts/rows.ts';
import { figuresIn, isFigure } from './agent-figures.ts';
import type { Item } from '../item.ts';

/** Sets come as Set or not at all; a row always shows a list. */
function listOf(value: unknown): readonly string[] {
  return value instanceof Set ? ([...value] as string[]).sort() : Array.isArray(value) ? (value as string[]) : [];
}

/** An agent as its item tells it. */
export function fromAgentItem(item: Item): AgentRow {
  const row: Item = {};
  // Each dispatch reads every agent of its pool: one pass, without lists of entries in between.
  for (const name in item) if (name !== 'pk' && name !== 'sk' && !isFigure(name)) row[name] = item[name];
  const figures = figuresIn(item);
  const known = figures === undefined ? {} : { figures };
  return {
    ...row,
    ...known,
    reported: listOf(item['reported']),
    wanted: listOf(item['wanted']),
  } as unknown as AgentRow;
}
