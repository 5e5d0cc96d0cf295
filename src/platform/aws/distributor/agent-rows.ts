import type { AgentRow } from '../../../contracts/rows.ts';
import { figuresIn, isFigure } from './agent-figures.ts';
import type { Item } from './task-rows.ts';

/** Sets come as Set or not at all; a row always shows a list. */
function listOf(value: unknown): readonly string[] {
  return value instanceof Set ? ([...value] as string[]).sort() : Array.isArray(value) ? (value as string[]) : [];
}

/** An agent as its item tells it. */
export function fromAgentItem(item: Item): AgentRow {
  const rest = Object.entries(item).filter(([name]) => name !== 'pk' && name !== 'sk' && !isFigure(name));
  const figures = figuresIn(item);
  return {
    ...Object.fromEntries(rest),
    ...(Object.keys(figures).length === 0 ? {} : { figures }),
    reported: listOf(item['reported']),
    wanted: listOf(item['wanted']),
  } as unknown as AgentRow;
}
