import type { TaskRow } from '../../contracts/rows.ts';
import type { WorkflowResult } from '../../distributor/ports.ts';

/** What becomes of a result whose task's row is known: it counts, it counted before, or its lease was lost. */
export type ResultFate = 'live' | 'repeated' | 'late';

/** Codes with which Cadre itself ends an attempt: a result of the agent that comes after it is late. */
const lostCodes = new Set(['lease-lost', 'timed-out']);

function holdsLease(row: TaskRow, { result, agent_id, principal }: WorkflowResult): boolean {
  return (
    row.status === 'Processing' &&
    row.attempt === result.attempt &&
    row.assigned_agent === agent_id &&
    (principal === undefined || row.principal === principal)
  );
}

/** Judges a result by the fence. A row that this very attempt settled tells a repeat, unless the attempt was taken away from its agent. */
export function fateOf(row: TaskRow, sent: WorkflowResult): ResultFate {
  if (holdsLease(row, sent)) return 'live';
  const { result, cause } = sent;
  const settled = row.attempt === result.attempt && row.status !== 'Processing' && row.status !== 'Cancelled';
  if (!settled) return 'late';
  if (cause !== undefined) return 'repeated';
  if (result.outcome === 'completed') return row.status === 'Completed' ? 'repeated' : 'late';
  return row.status !== 'Completed' && !lostCodes.has(row.error?.code ?? '') ? 'repeated' : 'late';
}
