import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readComparison, showReports, warningsOf } from '../../../src/cli/simulate.ts';
import { CadreError } from '../../../src/contracts/errors.ts';
import { plotOf } from '../../../src/simulator/plot.ts';
import { compare, verdictOf } from '../../../src/simulator/compare.ts';

const folder = mkdtempSync(join(tmpdir(), 'cadre-simulate-'));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

async function faultsOf(options: object): Promise<readonly (string | undefined)[]> {
  try {
    await readComparison(options);
    return [];
  } catch (error) {
    if (!(error instanceof CadreError)) throw error;
    return error.faults.map(({ path }) => path);
  }
}

describe('cadre simulate', () => {
  it('compares every policy with every fleet, and says in a sentence who serves best', async () => {
    const comparison = await readComparison({
      ...{ policy: ['fifo-random', 'default'], agents: ['5', '+3'], tasks: '500', seed: '7' },
    });
    const reports = [...compare(comparison)].map(({ report }) => report);
    expect(reports.map(({ policy, agents }) => [policy, agents])).toEqual([
      ['fifo-random', 5],
      ['fifo-random', 8],
      ['default', 5],
      ['default', 8],
    ]);
    for (const report of reports) expect(report).toMatchObject({ seed: 7, tasks: 500, hedges: 0 });
    // The yardstick knows no levels.
    for (const { policy, preemptions } of reports) if (policy === 'fifo-random') expect(preemptions).toBe(0);
    expect(verdictOf(reports)).toMatch(/^default with 8 agents serves best: 95 % of the critical tasks start within/);
    expect(showReports(reports)).toContain('fifo-random');
  });

  it('warns of what a policy says that is not simulated', async () => {
    const policy = file(
      'labels.json',
      JSON.stringify({
        strategies: { mine: { use: 'custom', score: 'agent.free' } },
        by_task_type: { llm: 'mine' },
        rules: [
          { name: 'gpu', match: { task_type: ['llm'] }, require_labels: { gpu: 'yes' } },
          { name: 'pin', match: { priority: ['low'] }, pin: 'agent-1' },
        ],
        overflow: [{ name: 'all', waiting_max: 5, then: 'shed_lowest' }],
      }),
    );
    expect(warningsOf(await readComparison({ policy: [policy, 'default'], tasks: '10' }))).toEqual([
      `Warning: ${policy}: not simulated, and without effect here: strategies.mine (custom), by_task_type, rules[0].match.task_type, rules[0].require_labels, overflow.`,
    ]);
  });

  it('counts no task as passed over that a rule keeps from the agent', async () => {
    const rules = [
      {
        name: 'one',
        match: { priority: ['critical'] },
        exclude_agents: ['agent-000001', 'agent-000002', 'agent-000003'],
      },
    ];
    const policy = file('held.json', JSON.stringify({ rules }));
    const [run] = [...compare(await readComparison({ policy: [policy], agents: ['4'], tasks: '500', load: '0.9' }))];
    expect(run?.report.order_violations).toBe(0);
  });

  it('draws the comparison: each run in its colour, each level with its waits, in light and dark', async () => {
    const compared = [...compare(await readComparison({ policy: ['default', 'fifo-random'], tasks: '300' }))];
    const svg = plotOf(compared, 'A <verdict> & more');
    expect(svg).toContain('A &lt;verdict> &amp; more');
    expect(svg).toContain('prefers-color-scheme: dark');
    for (const word of ['critical', 'high', 'medium', 'low', 'default', 'fifo-random', '100 %'])
      expect(svg).toContain(word);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('lets tasks rise as their deadline comes nearer, and refuses steps that do not', async () => {
    const trace = file(
      'rising.jsonl',
      '{"timestamp_ms":0,"duration_ms":9,"deadline_ms":99000}\n{"timestamp_ms":1,"duration_ms":9}',
    );
    const { work } = await readComparison({ trace, escalate: 'high=60000,critical=5000' });
    const steps = [
      { priority: 'high', within_ms: 60_000 },
      { priority: 'critical', within_ms: 5_000 },
    ];
    expect(work.map(({ escalation }) => escalation)).toEqual([steps, undefined]);
    expect(await faultsOf({ escalate: 'low=x,high=5000,critical=6000' })).toEqual([
      'escalate[0].within_ms',
      'escalate[0].priority',
    ]);
    expect(await faultsOf({ escalate: 'high=5000,critical=6000' })).toEqual(['escalate[1].within_ms']);
  });

  it('follows a routing policy document, and refuses a wrong one with all its faults', async () => {
    const fleet = file('regions.json', '[{"count":5,"usd_per_hour":9},{"count":5,"usd_per_hour":1}]');
    const cheap = file('cheap.json', '{"strategy":"cost_aware"}');
    const comparison = await readComparison({ policy: ['cost_aware', cheap], agents: [fleet], tasks: '300' });
    const [named, documented] = [...compare(comparison)].map(({ report }) => ({ ...report, policy: '' }));
    expect(documented).toEqual(named);
    const wrong = file('wrong.json', '{"strategy":"nobody","colour":1}');
    expect(await faultsOf({ policy: [wrong] })).toEqual(expect.arrayContaining(['strategy', 'colour']));
  });

  it('gives a trace as many agents as keep the load where it should be', async () => {
    const lines = Array.from({ length: 100 }, (_, index) => `{"timestamp_ms":${index * 100},"duration_ms":1000}`);
    const trace = file('trace.jsonl', lines.join('\n'));
    const { fleet, work } = await readComparison({ trace, load: '0.5' });
    expect(work).toHaveLength(100);
    // 100 seconds of work come within 9.9 seconds.
    expect(fleet).toMatchObject([{ count: 21 }]);
  });

  it('lists all faults of the options together', async () => {
    const options = {
      policy: ['default', 'luck'],
      agents: ['3', '0.5'],
      rate: '-1',
      mix: 'urgent=1',
      durations: 'long',
    };
    expect(await faultsOf(options)).toEqual(
      expect.arrayContaining(['policy[1]', 'agents[1]', 'rate', 'mix', 'durations']),
    );
  });

  it('lists the faults of the trace and of the fleet together', async () => {
    const trace = file('bad.jsonl', '{"timestamp_ms":0,"duration_ms":1}\n{"timestamp_ms":"x","duration_ms":1}');
    const agents = file('fleet.json', '[{"count":0,"colour":"red"}]');
    expect(await faultsOf({ trace, agents: [agents] })).toEqual([
      `${agents}[0].count`,
      `${agents}[0].colour`,
      `${trace}:2.timestamp_ms`,
    ]);
  });
});
