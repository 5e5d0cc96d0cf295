import type { Outcome } from '../../../contracts/errors.ts';
import type { TaskResult } from '../../../contracts/messages.ts';
import { packResults } from '../../../contracts/distributor/result-packing.ts';
import { withStoredOutput } from '../../core/tasks/stored-json.ts';
import type { DistributorDeps } from '../../ports.ts';
import { type AgentRequest, ownAgent } from './own-agent.ts';

/**
 * Puts the results of an agent into their queue, with the groups and deduplication ids that it would choose itself: a workflow's advances follow each
 * other whoever reports, and a repeat is dropped. Large outputs go to the bucket first. Throws when the queue did not take everything.
 */
export async function relayResults(
  deps: Pick<DistributorDeps, 'agents' | 'blobs' | 'messenger' | 'sources'>,
  request: AgentRequest & { readonly results: readonly TaskResult[] },
): Promise<Outcome<undefined>> {
  const own = await ownAgent(deps, request);
  if (!own.ok) return own;
  const results = await Promise.all(request.results.map((result) => withStoredOutput(deps, result)));
  const { pool, agent_id, principal } = own.value;
  const packed = packResults({ pool, agent_id, principal }, results, (text) => deps.sources.hash(text));
  await deps.messenger.relay(packed.map(({ message }) => message));
  return { ok: true, value: undefined };
}
