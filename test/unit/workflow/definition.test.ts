import { describe, expect, it } from '@jest/globals';
import { workflowDefinition } from '../../../src/contracts/workflow.ts';
import type { WorkflowNodeInput } from '../../../src/contracts/workflow-nodes.ts';
import { checkDefinition } from '../../../src/workflow/core/definition.ts';

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
      warnings: ['no registered agent offers x, y: node "a" and 1 more will wait until one does'],
    });
    expect(checkDefinition(definition, { offeredCapabilities: [['x', 'y']] }).warnings).toEqual([]);
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
