import type { WorkflowEventView } from '../../contracts/api.ts';
import type { WorkflowEvent } from '../../contracts/workflow/workflow.ts';
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

/** What people decided, each at its own time. */
function decided(
  seq: number,
  { node, decisions = [] }: Extract<WorkflowEvent, { type: 'NodeCompleted' | 'NodeFailed' }>,
) {
  return decisions.map(({ at, by, decision, level, comment, answer }): TrailEntry => {
    const said = [comment, answer === undefined ? undefined : JSON.stringify(answer)].filter(Boolean).join(' ');
    const detail = `${decision} at level ${level}${said === '' ? '' : `: ${said}`}`;
    return { seq, at, who: by ?? 'cadre', what: 'Decision', node, detail };
  });
}

/** The audit trail of a run. Who: the agent, the person or principal that did it, or Cadre itself. */
export function trailOf(rows: readonly WorkflowEventView[]): readonly TrailEntry[] {
  return rows.flatMap(({ seq, at, events }) =>
    events.flatMap((event): readonly TrailEntry[] => {
      const { type, ...rest } = event;
      const before = type === 'NodeCompleted' || type === 'NodeFailed' ? decided(seq, event) : [];
      const {
        node,
        agent_id,
        by,
        decisions: _told,
        definition: _whole,
        ...more
      } = rest as Readonly<Record<string, unknown>>;
      const who = [agent_id, by].find((one) => typeof one === 'string') ?? 'cadre';
      const detail = Object.entries(more)
        .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(' ');
      const named = typeof node === 'string' ? { node } : {};
      return [...before, { seq, at, who, what: type, ...named, ...(detail === '' ? {} : { detail }) }];
    }),
  );
}

/** The audit trail as people read it. */
export function showTrail(entries: readonly TrailEntry[]): string {
  if (entries.length === 0) return 'Nothing has happened yet.';
  const rows = entries.map(({ at, who, what, node, detail }) => [showTime(at), who, what, node ?? '-', detail ?? '']);
  return table(['WHEN', 'WHO', 'WHAT', 'NODE', 'DETAIL'], rows);
}
