import { reviewFleet } from '../../../examples/review/fleet.ts';
import type { Client } from '../../sdk/client/client.ts';
import type { Output } from '../output.ts';
import { startFleet, type Fleet } from './fleet.ts';

/** The agents that can do everything a review asks for. */
export const reviewMembers = reviewFleet.map((agent) => ({ ...agent, work: 'review' as const }));

/** Starts the review's fleet, unless agents that run already offer all it can do. */
export async function provideReviewFleet(
  client: Client,
  { out, signal }: { readonly out: Output; readonly signal: AbortSignal },
): Promise<Fleet | undefined> {
  const offered = (await client.listAgents())
    .filter((agent) => agent.status !== 'Unavailable')
    .flatMap((agent) => agent.capabilities);
  const missing = reviewFleet
    .flatMap((agent) => agent.capabilities)
    .filter((capability) => !offered.includes(capability));
  if (missing.length === 0) return undefined;
  out.progress(`Starting ${reviewMembers.length} agents`);
  return startFleet(reviewMembers, { env: { ...process.env, CADRE_API_URL: client.apiUrl }, signal });
}
