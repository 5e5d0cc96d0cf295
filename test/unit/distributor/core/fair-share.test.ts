import { describe, expect, it } from '@jest/globals';
import { sharersRememberedMax } from '../../../../src/contracts/limits.ts';
import type { Served } from '../../../../src/contracts/rows.ts';
import { openFairShare } from '../../../../src/distributor/core/ready/fair-share.ts';
import { routeRow } from '../../../../src/distributor/core/ready/route.ts';

const sharing = { shares: { rare: 0.001, '*': 1 }, submitters: { '*': 1 } };
const routeOf = (namespace: string, submitter = 'ann') =>
  routeRow('default', { required_capabilities: [], namespace, submitter });

/** What is remembered after a round that starts a task of each of these. */
function round(before: Served | undefined, ...routes: readonly ReturnType<typeof routeOf>[]): Served {
  const shares = openFairShare(sharing, before)!;
  for (const route of routes) shares.take(route, 2);
  return shares.served()!;
}
const size = (served: Served): number =>
  Object.values(served).reduce((sum, { next }) => sum + Object.keys(next).length, 0);

describe('what a pool remembers of those that share it', () => {
  it('is bounded, however many have ever come: what is left out of are those least ahead', () => {
    let served = round(undefined, routeOf('rare'));
    for (let at = 0; at < 3_000; at += 1) served = round(served, routeOf(`tenant-${at}`));
    expect(size(served)).toBeLessThanOrEqual(sharersRememberedMax);
    expect(Object.keys(served).length).toBeLessThanOrEqual(sharersRememberedMax);
    expect(served['2']?.next).toMatchObject({ rare: 1_000 });
    // Of whom nothing is known begins where the others are.
    const shares = openFairShare(sharing, served)!;
    expect(shares.turnsOf(routeOf('tenant-2999'), 2)).toEqual([served['2']?.now, 0]);
    expect(shares.turnsOf(routeOf('rare'), 2)[0]).toBe(1_000);
  });

  it('is of this round before all else', () => {
    let served: Served | undefined;
    for (let at = 0; at < sharersRememberedMax; at += 1) served = round(served, routeOf(`tenant-${at}`));
    served = round(served, routeOf('own', 'ann'), routeOf('own', 'bob'));
    expect(served['2 own']?.next).toEqual({ ann: 1, bob: 1 });
  });
});
