import { describe, expect, it } from '@jest/globals';
import { equalAgents } from '../../../src/simulator/fleet.ts';
import { sharersOf } from '../../../src/simulator/sharers.ts';
import type { PolicyDocument } from '../../../src/contracts/distributor/policy.ts';
import { schedulingOf } from '../../../src/simulator/policies.ts';
import type { Work } from '../../../src/simulator/work.ts';
import { simulated } from './stage.ts';

const one = (at: number, namespace?: string): Work => ({
  ...{ at, duration_ms: 1_000, priority: 'medium', capabilities: [] },
  ...(namespace === undefined ? {} : { namespace }),
});
const both = Array.from({ length: 200 }, (_, index) => one(0, index % 2 === 0 ? 'a' : 'b'));

const byNamespace = { by: 'namespace', unnamed: 'default' } as const;

describe('the submitters of a run', () => {
  const work = both.map(({ namespace = '', ...each }) => ({ ...each, submitter: namespace }));
  const shareOf = (document?: PolicyDocument) => {
    const scheduling = schedulingOf('shares', 1, { document });
    return simulated({ work, fleet: equalAgents(4), scheduling }).report.submitters?.['a']?.share;
  };

  it('take turns by the weights of the policy, and as they come without one', () => {
    expect(shareOf({ submitters: { a: 3, '*': 1 } })).toBeCloseTo(0.75, 1);
    expect(shareOf()).toBeCloseTo(0.5, 1);
  });
});

describe('the namespaces of a run', () => {
  it('have the shares that the policy gives them, as long as both wait', () => {
    const scheduling = schedulingOf('shares', 1, { document: { shares: { a: 3, b: 1 } } });
    const { namespaces } = simulated({ work: both, fleet: equalAgents(4), scheduling }).report;
    expect(namespaces?.['a']).toMatchObject({ tasks: 100 });
    expect(namespaces?.['a']?.share).toBeGreaterThan(0.72);
    expect(namespaces?.['a']?.share).toBeLessThan(0.78);
    expect(namespaces?.['b']?.wait_ms.p50).toBeGreaterThan(namespaces?.['a']?.wait_ms.p50 ?? Infinity);
  });

  it('share as they come without a policy', () => {
    const { namespaces } = simulated({ work: both, fleet: equalAgents(4) }).report;
    expect(namespaces?.['a']?.share).toBeCloseTo(0.5, 1);
  });

  it('count only starts for which others had waited, and are left out where no task names one', () => {
    const work = [one(0), one(0), one(0, 'late'), one(5_000, 'late')];
    expect(sharersOf(work, Float64Array.of(0, 1_000, 2_000, 6_000), byNamespace)).toEqual({
      default: { tasks: 2, wait_ms: { p50: 1_000, p95: 1_000, p99: 1_000, max: 1_000 }, share: 1 },
      late: { tasks: 2, wait_ms: { p50: 2_000, p95: 2_000, p99: 2_000, max: 2_000 }, share: 0 },
    });
    expect(sharersOf([one(0)], Float64Array.of(0), byNamespace)).toBeUndefined();
    expect(simulated().report).not.toHaveProperty('namespaces');
  });
});
