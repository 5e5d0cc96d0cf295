import type { TaskResult } from '../../../contracts/messages.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { isLive } from './runs.ts';
import type { EndedAttempt } from './settle.ts';

/** A result with the authority it came with. `cause` is set when Cadre itself ends an attempt. */
export interface SentResult {
  readonly result: TaskResult;
  readonly agent_id: string;
  readonly principal?: string;
  readonly cause?: NonNullable<EndedAttempt['cause']>;
}

/** What becomes of a result whose task's row is known: it counts, it counted before, or its lease was lost. */
export type ResultFate = 'live' | 'repeated' | 'late';

/** Codes with which Cadre itself ends an attempt: a result of the agent that comes after it is late. */
const lostCodes = new Set(['lease-lost', 'timed-out']);

/** Judges a result by the fence. A row that this very attempt settled tells a repeat, unless the attempt was taken away from its agent. */
export function fateOf(row: TaskRow, sent: SentResult): ResultFate {
  const { result, cause, agent_id, principal } = sent;
  if (isLive(row, { attempt: result.attempt, agent_id, ...(principal === undefined ? {} : { principal }) }))
    return 'live';
  const settled = row.attempt === result.attempt && row.status !== 'Processing' && row.status !== 'Cancelled';
  if (!settled) return 'late';
  if (cause !== undefined) return 'repeated';
  if (result.outcome === 'completed') return row.status === 'Completed' ? 'repeated' : 'late';
  return row.status !== 'Completed' && !lostCodes.has(row.error?.code ?? '') ? 'repeated' : 'late';
}
