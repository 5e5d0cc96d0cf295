import { describe, expect, it } from '@jest/globals';
import { reviewFleet } from '../../../examples/review/fleet.ts';
import { reviewCapabilities, reviewHandlers } from '../../../examples/review/handlers.ts';
import { codeFamilies, languageOfPath } from '../../../examples/review/languages.ts';
import { groupBytesMax } from '../../../examples/review/limits.ts';
import { planReview } from '../../../examples/review/plan.ts';
import type { ScannedFile } from '../../../examples/review/scan.ts';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';

function file(path: string, bytes = 2_000): ScannedFile {
  const { name, kind, family } = languageOfPath(path)!;
  return { path, language: name, kind, family, bytes, lines: 60 };
}

const endings = ['ts', 'ts', 'ts', 'js', 'py', 'go', 'md', 'json'];
const thousand = Array.from({ length: 1_000 }, (_, at) => file(`src/part-${at % 40}/file-${at}.${endings[at % 8]!}`));

describe('planReview', () => {
  it('makes a definition that the workflow contract accepts', () => {
    expect(workflowDefinition.safeParse(planReview(thousand, { root: '/tree' })).error).toBeUndefined();
  });

  it('keeps a tree of 1,000 files within 70 nodes and 256 KiB', () => {
    const plan = planReview(thousand, { root: '/tree' });
    expect(plan.nodes.length).toBeLessThanOrEqual(70);
    expect(JSON.stringify(plan).length).toBeLessThan(256 * 1_024);
  });

  it('depends only on nodes before, so there is no cycle', () => {
    const seen = new Set<string>();
    for (const node of planReview(thousand, { root: '/tree' }).nodes) {
      expect(node.depends_on.filter((name) => !seen.has(name))).toEqual([]);
      seen.add(node.name);
    }
  });

  it('analyses each file in exactly one group of its kind', () => {
    const { nodes } = planReview(thousand, { root: '/tree' });
    const named = nodes
      .filter((node) => node.task_type.startsWith('review.analyse-'))
      .flatMap((node) => Object.values(node.payload!['files'] as Record<string, string[]>).flat());
    expect(named.sort()).toEqual(thousand.map((each) => each.path.split('/').at(-1)!).sort());
  });

  it('grows in proportion to large trees by larger groups, not by more of them', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => file(`src/file-${at}.ts`));
    expect(planReview(many, { root: '/tree' }).nodes.length).toBeLessThan(80);
  });

  it('cuts a group when its bytes are full', () => {
    const large = Array.from({ length: 4 }, (_, at) => file(`large-${at}.ts`, groupBytesMax / 2 + 1));
    const groups = planReview(large, { root: '/tree' }).nodes.filter((node) => node.name.startsWith('code-'));
    expect(groups).toHaveLength(4);
  });

  it('gives a suspicious file a task of its own', () => {
    const broken = { ...file('src/bad.ts'), suspicion: { code: 'nul-bytes', reason: 'holds NUL bytes' } };
    const { nodes } = planReview([file('src/good.ts'), broken], { root: '/tree' });
    const holding = nodes.filter((node) => JSON.stringify(node.payload ?? {}).includes('bad.ts'));
    expect(holding.map((node) => node.name)).toEqual(['broken-01']);
  });

  it('runs the cross-checks and the report whatever became of the groups', () => {
    const { nodes } = planReview(thousand, { root: '/tree' });
    const rules = nodes.filter((node) => /cross-check|report/u.test(node.task_type)).map((node) => node.trigger_rule);
    expect(rules).toEqual(['all_done', 'all_done', 'all_done', 'all_done', 'all_done']);
  });

  it('plans a scan and a report for an empty tree', () => {
    expect(planReview([], { root: '/tree' }).nodes.map((node) => node.name)).toEqual(['scan', 'report']);
  });
});

describe('reviewFleet', () => {
  it('has twelve agents that offer each capability at least twice', () => {
    const needed = [...Object.values(reviewCapabilities), ...codeFamilies.map((family) => `code:${family}`)];
    expect(reviewFleet).toHaveLength(12);
    for (const capability of needed.filter((each) => !each.includes('<'))) {
      const offering = reviewFleet.filter((agent) => agent.capabilities.includes(capability));
      expect({ capability, agents: offering.length >= 2 }).toEqual({ capability, agents: true });
    }
  });

  it('knows a capability for each task type', () => {
    expect(Object.keys(reviewCapabilities).sort()).toEqual(Object.keys(reviewHandlers).sort());
  });
});
