import { queueFullRetryMs } from '../../../contracts/limits.ts';
import type { Admission } from '../../core/ready/overflow.ts';
import type { DistributorDeps } from '../../ports.ts';

/** What a process last saw of each pool, for as long as between two counts: so a submission costs no call of its own. */
const seen = new WeakMap<DistributorDeps['agents'], Map<string, Admission & { readonly at: number }>>();

/** What a pool says of submissions, as it was `queueFullRetryMs` ago at the earliest. */
export async function admissionOf({ agents, sources }: DistributorDeps, pool: string): Promise<Admission> {
  const pools = seen.get(agents) ?? new Map<string, Admission & { readonly at: number }>();
  seen.set(agents, pools);
  const last = pools.get(pool);
  const now = sources.now();
  if (last !== undefined && now - last.at < queueFullRetryMs && now >= last.at) return last;
  const admission = { at: now, ...(await agents.admission(pool)) };
  pools.set(pool, admission);
  return admission;
}
