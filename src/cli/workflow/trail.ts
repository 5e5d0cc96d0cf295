import type { WorkflowEventView } from '../../contracts/api.ts';
import { showTime, table } from '../output.ts';

/** One line of the audit trail: who did what, and when. */
export interface TrailEntry {
  readonly seq: number;
  readonly at: string;
  readonly who: string;
  readonly what: string;
  readonly node?: string;
  readonly detail?: string;
}

/** The audit trail of a run. Who: the agent, the principal that asked for it, or Cadre itself. */
export function trailOf(rows: readonly WorkflowEventView[]): readonly TrailEntry[] {
  return rows.flatMap(({ seq, at, events }) =>
    events.map(({ type, ...rest }): TrailEntry => {
      const { node, agent_id, by, ...more } = rest as Readonly<Record<string, unknown>>;
      const who = [agent_id, by].find((one) => typeof one === 'string') ?? 'cadre';
      const detail = Object.entries(more)
        .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(' ');
      return {
        ...{ seq, at, who, what: type },
        ...(typeof node === 'string' ? { node } : {}),
        ...(detail === '' ? {} : { detail }),
      };
    }),
  );
}

/** The audit trail as people read it. */
export function showTrail(entries: readonly TrailEntry[]): string {
  if (entries.length === 0) return 'Nothing has happened yet.';
  const rows = entries.map(({ at, who, what, node, detail }) => [showTime(at), who, what, node ?? '-', detail ?? '']);
  return table(['WHEN', 'WHO', 'WHAT', 'NODE', 'DETAIL'], rows);
}
