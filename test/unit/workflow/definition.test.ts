import { describe, expect, it } from '@jest/globals';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import type { WorkflowNodeInput } from '../../../src/contracts/workflow/nodes.ts';
import { checkDefinition } from '../../../src/workflow/core/definition/definition.ts';

const node = (name: string, depends_on: string[] = [], more: object = {}): WorkflowNodeInput => ({
  name,
  task_type: 'work',
  depends_on,
  ...more,
});
const check = (nodes: WorkflowNodeInput[], output?: string) =>
  checkDefinition(workflowDefinition.parse({ name: 'w', nodes, ...(output === undefined ? {} : { output }) })).faults;

describe('checking a definition', () => {
  it('finds nothing wrong with a sound one', () => {
    const nodes = [node('a'), node('b-1', ['a'], { input: '{ "x": outputs.a, "y": input.(outputs.z) }' })];
    expect(check(nodes, 'outputs.`b-1`.x')).toEqual([]);
  });

  it('prints a cycle, the shortest of each knot', () => {
    const faults = check([
      node('a', ['b']),
      node('b', ['a', 'c']),
      node('c', ['b']),
      node('d', ['e']),
      node('e', ['d']),
    ]);
    expect(faults.map(({ code }) => code)).toEqual(['workflow-cycle', 'workflow-cycle']);
    expect(faults[0]?.message).toContain('a → b → a');
    expect(faults[1]).toMatchObject({ path: 'nodes[3].depends_on', message: expect.stringContaining('d → e → d') });
  });

  it('finds a node that waits for itself', () => {
    expect(check([node('a', ['a'])])[0]?.message).toContain('a → a');
  });

  it('refuses unknown and repeated dependencies with their paths', () => {
    expect(check([node('a'), node('b', ['a', 'x', 'a'])])).toMatchObject([
      { code: 'unknown-dependency', path: 'nodes[1].depends_on[1]', message: expect.stringContaining('no node "x"') },
      { code: 'invalid-input', path: 'nodes[1].depends_on[2]' },
    ]);
  });

  it('refuses two nodes of one name', () => {
    expect(check([node('a'), node('a')])).toMatchObject([{ code: 'duplicate-node', path: 'nodes[1].name' }]);
  });

  it('refuses an expression that does not parse, with the position', () => {
    expect(check([node('a', [], { input: '{ "x": ' })])).toMatchObject([
      { code: 'invalid-expression', path: 'nodes[0].input', message: expect.stringContaining('character') },
    ]);
  });

  it('refuses outputs that are not at hand, wherever the expression names them', () => {
    const inputs = [
      'outputs.b',
      '[{ "k": $$.outputs.b }]',
      '$map(input.l, function($v) { nodes.b.status })',
      'input.x ? 1 : outputs.b',
    ];
    for (const input of inputs) {
      expect(check([node('b'), node('a', [], { input })])).toMatchObject([
        {
          code: 'invalid-expression',
          path: 'nodes[1].input',
          fix: expect.stringContaining('add it to depends_on'),
        },
      ]);
    }
    expect(check([node('a'), node('b', ['a'])], 'outputs.a')).toMatchObject([{ path: 'output' }]);
  });

  it('refuses functions whose value differs each time', () => {
    const faults = check([node('a', [], { input: '$now() & $random()' })]);
    expect(faults.map(({ message }) => message.slice(0, 25))).toEqual([
      '$random is not available',
      '$now is not available',
    ]);
  });

  it('refuses a payload together with an input', () => {
    expect(check([node('a', [], { payload: 1, input: 'input' })])).toMatchObject([{ path: 'nodes[0].input' }]);
  });

  it('lists all faults at once', () => {
    const faults = check([node('a', ['x']), node('a'), node('c', ['c'], { input: '(' })], 'outputs.zz');
    expect(new Set(faults.map(({ code }) => code)).size).toBe(4);
    expect(faults).toHaveLength(5);
  });

  it('warns of requirements that no single agent meets', () => {
    const definition = workflowDefinition.parse({
      name: 'w',
      nodes: [
        node('a', [], { required_capabilities: ['x', 'y'] }),
        node('b', [], { required_capabilities: ['y', 'x'] }),
        node('c', [], { required_capabilities: ['x'] }),
      ],
    });
    expect(checkDefinition(definition, { offeredCapabilities: [['x'], ['y']] })).toEqual({
      faults: [],
      warnings: [
        {
          code: 'unknown-capability',
          message: 'no registered agent offers x, y: node "a" and 1 more will wait until one does',
        },
      ],
    });
    expect(checkDefinition(definition, { offeredCapabilities: [['x', 'y']] }).warnings).toEqual([]);
  });

  const choice = (more: object = {}): WorkflowNodeInput => ({
    kind: 'choice',
    name: 'c',
    branches: [
      { when: 'input.n > 1', then: ['a'] },
      { when: 'input.n > 0', then: ['b'] },
    ],
    default: ['d'],
    ...more,
  });
  const branches = [node('a', ['c']), node('b', ['c']), node('d', ['c'])];

  it('refuses a node whose branches exclude each other, and not what only follows from it', () => {
    const joined = (trigger_rule: unknown, from = ['a', 'b']) =>
      check([choice(), ...branches, node('e', from, { trigger_rule }), node('f', ['e'])]);
    expect(joined('all_success')).toMatchObject([
      {
        code: 'unreachable-node',
        path: 'nodes[4].trigger_rule',
        message: expect.stringContaining('"e" can never start: the branches of "c"'),
        fix: expect.stringContaining('none_failed'),
      },
    ]);
    expect(joined({ at_least: 2 }, ['a', 'b', 'd'])).toMatchObject([{ fix: 'ask for fewer' }]);
    for (const rule of ['none_failed', 'one_success', 'all_done', { at_least: 1 }]) expect(joined(rule)).toEqual([]);
    expect(check([choice({ take: 'all' }), ...branches, node('e', ['a', 'b'])])).toEqual([]);
    expect(check([choice({ take: 'all' }), ...branches, node('e', ['a', 'd'])])).toHaveLength(1);
  });

  it('refuses a branch that no value selects', () => {
    const when = (first: string, second: string) =>
      check([
        choice({
          branches: [
            { when: first, then: ['a'] },
            { when: second, then: ['b'] },
          ],
        }),
        ...branches,
      ]).map(({ path, message }) => [path, /"(.*?)"/.exec(message)?.[1]]);
    expect(when('false', 'input.x')).toEqual([['nodes[1]', 'a']]);
    expect(when('true', 'input.x')).toEqual([
      ['nodes[2]', 'b'],
      ['nodes[3]', 'd'],
    ]);
    expect(when('input.x', 'input.y')).toEqual([]);
    // Its dependency on the other node lets it start when the choice fails.
    expect(
      check([choice({ default: ['d'] }), node('a', ['c'], { trigger_rule: 'all_done' }), ...branches.slice(1)]),
    ).toEqual([]);
  });

  it('refuses expressions that name what nobody gives them, those of a compensation too', () => {
    expect(check([node('a', [], { input: '$sum(inputs.x)' })])).toMatchObject([
      { path: 'nodes[0].input', message: 'there is no "inputs" here', fix: expect.stringContaining('outputs') },
    ]);
    const sound = [
      '$map(input.l, function($v) { $v.x })',
      'input.l[price > 3].name',
      'input.a^(b)',
      'input ~> |a|{"b":c}|',
    ];
    for (const input of sound) expect(check([node('a', [], { input })])).toEqual([]);
    const undo = (input: string) =>
      check([node('b'), node('a', ['b'], { compensate_with: { task_type: 'u', input } })]);
    expect(undo('outputs.a')).toEqual([]);
    expect(undo('outputs.b')).toMatchObject([
      { path: 'nodes[1].compensate_with.input', fix: expect.stringContaining('outputs.a') },
    ]);
  });

  it('refuses a gather that needs more than can come', () => {
    const gather = (need: number): WorkflowNodeInput => ({
      kind: 'gather',
      name: 'g',
      need,
      body: { nodes: [node('x'), node('y')] },
    });
    expect(check([gather(2)])).toEqual([]);
    expect(check([gather(3)])).toMatchObject([{ path: 'nodes[0].need' }]);
  });

  it('refuses bodies that lead back to themselves without an end, and lets those be that may end', () => {
    const bodies = (all: Record<string, WorkflowNodeInput[]>) =>
      checkDefinition(
        workflowDefinition.parse({
          name: 'w',
          nodes: [{ kind: 'subworkflow', name: 'run', body: Object.keys(all)[0] }],
          bodies: Object.fromEntries(Object.entries(all).map(([name, nodes]) => [name, { nodes }])),
        }),
      );
    const sub = (name: string, body: string, depends_on: string[] = []): WorkflowNodeInput => ({
      kind: 'subworkflow',
      name,
      body,
      depends_on,
    });
    const orElse = (name: string, fallback: unknown) => node(name, [], { on_error: { fallback } });
    expect(bodies({ one: [sub('x', 'two')], two: [sub('y', 'one')] }).faults).toMatchObject([
      { code: 'workflow-cycle', path: 'bodies.one', message: 'it runs itself in every run: one → two → one' },
    ]);
    expect(bodies({ one: [orElse('x', { nodes: [orElse('y', 'one')] })] }).faults).toMatchObject([
      { code: 'workflow-cycle', message: 'its fallbacks lead back to it with the same input: one → one' },
    ]);
    const guarded: WorkflowNodeInput[] = [
      { kind: 'choice', name: 'c', branches: [{ when: 'input.n > 0', then: ['x'] }], default: [] },
      sub('x', 'one', ['c']),
    ];
    expect(bodies({ one: guarded }).faults).toEqual([]);
    expect(bodies({ one: [{ kind: 'map', name: 'x', items: 'input', body: 'one' }] }).faults).toEqual([]);
    expect(bodies({ one: [orElse('x', { nodes: [sub('y', 'one')] })] }).faults).toEqual([]);
    expect(bodies({ one: [node('x')], spare: [node('y')] }).warnings).toMatchObject([
      { code: 'never-used', path: 'bodies.spare' },
    ]);
  });

  it('warns of compensations that nothing asks for', () => {
    const warnings = (on_error: string) =>
      checkDefinition(
        workflowDefinition.parse({
          name: 'w',
          nodes: [node('a', [], { compensate_with: { task_type: 'u' } }), node('b', ['a'], { on_error })],
        }),
      ).warnings;
    expect(warnings('compensate')).toEqual([]);
    expect(warnings('fail')).toMatchObject([{ code: 'never-used', message: expect.stringContaining('"a"') }]);
  });

  it('warns of what waits for a deadline that neither a node nor the submission gives', () => {
    const rising = { escalation: [{ within_ms: 60_000, priority: 'high' }] };
    const messages = (nodes: readonly object[], hasDeadline = false) =>
      checkDefinition(workflowDefinition.parse({ name: 'w', nodes }), { hasDeadline }).warnings.map(
        ({ message }) => message,
      );
    const inside = { kind: 'subworkflow', name: 's', body: { nodes: [node('a', [], rising)] } };
    const undone = node('b', [], { on_error: 'compensate', compensate_with: { task_type: 'u', ...rising } });
    const dropped = node('c', [], { on_expiry: 'drop' });
    expect(messages([undone, dropped, inside])).toEqual([
      'escalation of "b:compensate" and that of 2 more does nothing without a deadline',
    ]);
    expect(messages([dropped])).toEqual(['on_expiry of "c" does nothing without a deadline']);
    expect(messages([undone, dropped, inside], true)).toEqual([]);
    expect(messages([node('a', [], { ...rising, deadline_ms: 90_000 }), node('d', [], { on_expiry: 'run' })])).toEqual(
      [],
    );
  });

  it('warns of waits that last longer than a run may, one after the other', () => {
    const days = 24 * 3_600_000;
    const wait = (name: string, depends_on: string[], for_ms: number) => ({
      ...{ kind: 'wait', name, depends_on, for_ms },
    });
    const warnings = (last: number) =>
      checkDefinition(
        workflowDefinition.parse({
          name: 'w',
          nodes: [
            ...[wait('a', [], 30 * days), wait('b', ['a'], 30 * days), node('c', ['b'])],
            ...[wait('d', ['c'], 30 * days), wait('beside', [], 30 * days), wait('e', ['d', 'beside'], last)],
          ],
        }),
      ).warnings;
    expect(warnings(0)).toEqual([]);
    expect(warnings(10 * days)).toMatchObject([
      { code: 'run-too-long', message: 'its waits take 100 days one after the other, and a run lasts 90 days at most' },
    ]);
  });

  it('judges thousands of choices behind each other', () => {
    const nodes = Array.from({ length: 2_000 }, (_, at): WorkflowNodeInput[] => [
      {
        kind: 'choice',
        name: `c${at}`,
        depends_on: at === 0 ? [] : [`a${at - 1}`],
        branches: [{ when: 'input.x', then: [`a${at}`] }],
        default: [`b${at}`],
      },
      node(`a${at}`, [`c${at}`]),
      node(`b${at}`, [`c${at}`]),
    ]).flat();
    expect(check([...nodes, node('last', ['a0', 'b1999'])])).toEqual([]);
    expect(check([...nodes, node('last', ['a7', 'b7'])])).toHaveLength(1);
  });

  it('checks a chain and a ring of 10,000 nodes without running out of stack', () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
    const chain = names.map((name, index) => node(name, index === 0 ? [] : [`n${index - 1}`]));
    expect(check(chain)).toEqual([]);
    const ring = chain.map((each, index) => (index === 0 ? node('n0', ['n9999']) : each));
    expect(check(ring)).toMatchObject([
      { code: 'workflow-cycle', message: expect.stringContaining('(9980 more) → n0') },
    ]);
  });
});
