import * as z from 'zod';
import type { AuditEntry, auditRequest } from '../../../contracts/context/queries.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { timestamp } from '../../../contracts/ids.ts';
import { liesIn } from '../../core/pointer.ts';
import type { Caller, ContextDeps, ContextPage } from '../../ports.ts';
import { forAdmin } from './guard-namespace.ts';

type AuditRequest = z.output<typeof auditRequest>;

const dayMs = 24 * 3_600_000;
/** Days that one call looks at: the entries of each lie by themselves. More: a long range without entries takes too long. */
const daysPerCall = 31;

/** Where a listing goes on: on this day, behind this entry of it; what no end was given for must not move on with the clock. */
const place = z.strictObject({ day: z.iso.date(), from: timestamp, to: timestamp, cursor: z.string().optional() });
type Place = z.infer<typeof place>;

function placeOf(cursor: string): Place {
  try {
    return place.parse(JSON.parse(atob(cursor)));
  } catch (cause) {
    throw new CadreError('invalid-input', 'this cursor was not given out by the audit', { path: 'cursor', cause });
  }
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The beginning of a listing. Throws `invalid-input` for a range that ends before it begins. */
function beginningOf({ from, to }: Pick<AuditRequest, 'from' | 'to'>, now: number): Place {
  const end = to === undefined ? now : Date.parse(to);
  const start = from === undefined ? end - dayMs : Date.parse(from);
  if (start > end) throw new CadreError('invalid-input', '`from` is after `to`', { path: 'from' });
  return { day: dayOf(end), from: new Date(start).toISOString(), to: new Date(end).toISOString() };
}

const isUnder = ({ context_id, documents = [] }: AuditEntry, under: string): boolean =>
  [context_id, ...documents.map((document) => document.context_id)].some((id) => id !== undefined && liesIn(id, under));

/** What the audit has of a time, newest first, for admins. A page may be shorter than asked for, or empty. */
export async function listAudit(
  deps: ContextDeps,
  caller: Caller,
  { namespace, principal, under, limit, cursor, ...range }: AuditRequest,
): Promise<ContextPage<AuditEntry>> {
  await forAdmin(deps, caller, namespace);
  const found: AuditEntry[] = [];
  let at = cursor === undefined ? beginningOf(range, deps.sources.now()) : placeOf(cursor);
  const first = at.from.slice(0, 10);
  for (let looked = 0; looked < daysPerCall && at.day >= first && found.length < limit; looked += 1) {
    const { cursor: inside, ...time } = at;
    const page = await deps.documents.audited(namespace, time, limit - found.length, inside);
    found.push(...page.items);
    const isDone = page.cursor === undefined;
    at = isDone ? { ...time, day: dayOf(Date.parse(at.day) - dayMs) } : { ...time, cursor: page.cursor };
  }
  const items = found.filter(
    (entry) =>
      (principal === undefined || entry.principal === principal) && (under === undefined || isUnder(entry, under)),
  );
  return { items, ...(at.day < first ? {} : { cursor: btoa(JSON.stringify(at)) }) };
}
