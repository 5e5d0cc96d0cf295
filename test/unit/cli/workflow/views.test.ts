import { describe, expect, it } from '@jest/globals';
import type { WorkflowEventView } from '../../../../src/contracts/api.ts';
import type { PlanView } from '../../../../src/contracts/workflow/inspection.ts';
import { toMermaid } from '../../../../src/cli/workflow/mermaid.ts';
import { toSvg } from '../../../../src/cli/workflow/svg.ts';
import { trailOf } from '../../../../src/cli/workflow/trail.ts';
import { toXes } from '../../../../src/cli/workflow/xes.ts';

const at = (second: number): string => `2026-01-01T00:00:0${second}.000Z`;
const node = (name: string, depends_on: string[], status: string, critical: boolean): PlanView['nodes'][number] => ({
  ...{ name, depends_on, status, critical, estimated_ms: 1_000, estimated_by: 'nothing' },
  ...{ starts_at: at(1), ends_at: at(3) },
});
const plan: PlanView = {
  workflow_id: 'run-1',
  name: 'release',
  status: 'In Progress',
  predicted_finish: at(9),
  critical_path: ['a', 'c'],
  nodes: [
    node('a', [], 'Completed', true),
    node('b', ['a'], 'Failed', false),
    node('c', ['a'], 'Started', true),
    node('say "<&>"', ['b', 'c'], 'Waiting', false),
  ],
};
const error = { code: 'boom', message: 'it <broke> & "fell"\u0000', retryable: false };
const rows: WorkflowEventView[] = [
  { seq: 1, at: at(0), events: [{ type: 'WorkflowStarted' }, { type: 'NodeStarted', node: 'a' }] },
  {
    seq: 2,
    at: at(2),
    events: [
      { type: 'NodeCompleted', node: 'a', agent_id: 'ann', attempt: 1 },
      { type: 'NodeStarted', node: 'b' },
    ],
  },
  { seq: 3, at: at(4), events: [{ type: 'NodeFailed', node: 'b', agent_id: 'bob', attempt: 2, error }] },
  {
    seq: 4,
    at: at(5),
    events: [
      { type: 'WorkflowCancelled', by: 'carol', reason: 'enough' },
      { type: 'NodeSkipped', node: 'c', reason: 'the workflow was cancelled' },
    ],
  },
];

/** Fails unless each element is closed where it must be, each attribute quoted, each entity known. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const text = xml.replace(/^<\?xml[^>]*\?>/, '').replace(/<style>[\s\S]*?<\/style>/, '');
  const tag = /<(?<close>\/?)(?<name>[A-Za-z:]+)(?:\s+[A-Za-z:.-]+="[^"<]*")*\s*(?<empty>\/?)>/g;
  for (const { groups } of text.matchAll(tag)) {
    if (groups?.['close'] === '/') expect(open.pop()).toBe(groups['name']);
    else if (groups?.['empty'] !== '/') open.push(groups?.['name'] ?? '');
  }
  expect(open).toEqual([]);
  const rest = text.replace(tag, '');
  expect(rest).not.toMatch(/[<>]/);
  expect(text.replace(/&(?:amp|lt|gt|quot);/g, '')).not.toContain('&');
  expect(xml).not.toMatch(/[^\P{Cc}\t\n\r]/u);
}

describe('a drawing in Mermaid', () => {
  it('leaves an edge thin that leads past nodes of the critical path', () => {
    const nodes = [
      node('a', [], 'Waiting', true),
      node('b', ['a'], 'Waiting', true),
      node('c', ['a', 'b'], 'Waiting', true),
    ];
    const all = { ...plan, critical_path: ['a', 'b', 'c'], nodes };
    expect(toMermaid(all).match(/==>|-->/g)).toEqual(['==>', '-->', '==>']);
    expect(toSvg(all).match(/class="way" /g)).toHaveLength(2);
  });

  it('has each node with its status, each edge, and the critical path thick', () => {
    const lines = toMermaid(plan).split('\n');
    expect(lines[0]).toBe('flowchart LR');
    expect(lines).toContain('  n0["a"]:::Completed');
    expect(lines).toContain('  n3["say #quot;<&>#quot;"]:::Waiting');
    expect(lines.filter((line) => /-->|==>/.test(line))).toEqual([
      '  n0 --> n1',
      '  n0 ==> n2',
      '  n1 --> n3',
      '  n2 --> n3',
    ]);
    expect(lines).toContain('  style n2 stroke-width:4px');
  });
});

describe('a drawing in SVG', () => {
  it('is well-formed, has a box a node with its status in words, an arrow a dependency, and colours for dark pages', () => {
    const svg = toSvg(plan);
    expectWellFormed(svg);
    expect(svg.match(/<rect /g)).toHaveLength(4);
    expect(svg.match(/class="edge"/g)).toHaveLength(3);
    expect(svg.match(/class="way" /g)).toHaveLength(1);
    expect(svg).toContain('class="completed critical"');
    expect(svg).toContain('Failed in 2.0 s');
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('predicted finish 2026-01-01 00:00:09 UTC');
  });

  it('refuses what nobody could read', () => {
    const nodes = Array.from({ length: 601 }, (_, index) => node(`n${index}`, [], 'Waiting', false));
    expect(() => toSvg({ ...plan, nodes })).toThrow(/601 nodes/);
  });
});

describe('an export in XES', () => {
  const task = {
    name: 'a',
    task_id: 'run-1:a',
    status: 'Completed' as const,
    attempt: 1,
    agent_id: 'ann',
    started_at: at(1),
  };
  const xes = toXes({ workflow_id: 'run-1', name: 'release', status: 'Failed' }, rows, [task]);

  it('is well-formed, with the extensions, globals and classifiers of IEEE 1849', () => {
    expectWellFormed(xes);
    expect(xes).toContain('<log xes.version="1849-2016"');
    for (const prefix of ['concept', 'lifecycle', 'org', 'time']) expect(xes).toContain(`prefix="${prefix}"`);
    expect(xes.match(/<global scope="(?:trace|event)">/g)).toHaveLength(2);
    expect(xes.match(/<trace>/g)).toHaveLength(1);
  });

  it('tells each activity by its lifecycle in the order of time, with who did it', () => {
    const events = [...xes.matchAll(/<event>(?<inside>.*)<\/event>/g)].map(({ groups }) => {
      const value = (key: string) => new RegExp(`key="${key}" value="([^"]*)"`).exec(groups?.['inside'] ?? '')?.[1];
      return [value('concept:name'), value('lifecycle:transition'), value('org:resource'), value('time:timestamp')];
    });
    expect(events).toEqual([
      ['a', 'schedule', undefined, at(0)],
      ['a', 'start', 'ann', at(1)],
      ['a', 'complete', 'ann', at(2)],
      ['b', 'schedule', undefined, at(2)],
      ['b', 'ate_abort', 'bob', at(4)],
      ['c', 'autoskip', undefined, at(5)],
    ]);
  });
});

describe('an audit trail', () => {
  it('says who did what, and when', () => {
    expect(trailOf(rows).map(({ at: when, who, what, node: which }) => [when, who, what, which])).toEqual([
      [at(0), 'cadre', 'WorkflowStarted', undefined],
      [at(0), 'cadre', 'NodeStarted', 'a'],
      [at(2), 'ann', 'NodeCompleted', 'a'],
      [at(2), 'cadre', 'NodeStarted', 'b'],
      [at(4), 'bob', 'NodeFailed', 'b'],
      [at(5), 'carol', 'WorkflowCancelled', undefined],
      [at(5), 'cadre', 'NodeSkipped', 'c'],
    ]);
  });
});
