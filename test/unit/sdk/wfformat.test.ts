import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { fromWfFormat, isWfFormat } from '../../../src/sdk/workflows/wfformat.ts';
import { checkDefinition } from '../../../src/workflow/core/definition/definition.ts';

const folder = new URL('../../../../shared/data/wfinstances/', import.meta.url);
const instances = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];

/** Tasks and edges of the recorded instances, counted from their own `children` and `parents`. */
function countsOf(document: {
  workflow: { specification: { tasks: { id: string; parents: string[]; children: string[] }[] } };
}) {
  const { tasks } = document.workflow.specification;
  const edges = new Set(
    tasks.flatMap(({ id, parents, children }) => [
      ...parents.map((each) => `${each} ${id}`),
      ...children.map((each) => `${id} ${each}`),
    ]),
  );
  return { tasks: tasks.length, edges: edges.size };
}

const small = (tasks: object[], execution: object[] = []) => ({
  name: 'small run',
  schemaVersion: '1.5',
  workflow: { specification: { tasks }, execution: { tasks: execution } },
});

describe('a WfFormat instance', () => {
  (instances.length === 0 ? it.skip : it)(
    'of the recorded ones becomes an acyclic definition with all its edges (skipped where the data is absent)',
    () => {
      expect(instances).toHaveLength(10);
      for (const file of instances) {
        const document = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Parameters<typeof countsOf>[0];
        const definition = fromWfFormat(document, { timeScale: 0.01 });
        expect(checkDefinition(definition).faults).toEqual([]);
        const edges = definition.nodes.reduce((sum, node) => sum + node.depends_on.length, 0);
        expect({ file, tasks: definition.nodes.length, edges }).toEqual({ file, ...countsOf(document) });
      }
    },
  );

  it('keeps dependencies that only one side tells, cleans names, and scales time', () => {
    const definition = fromWfFormat(
      small(
        [
          { id: 'a 1', name: 'first', children: ['b'] },
          { id: 'a_1', name: 'second' },
          { id: 'b', name: 'third', parents: ['a_1'] },
        ],
        [{ id: 'b', runtimeInSeconds: 2.5 }],
      ),
      { timeScale: 0.1 },
    );
    expect(definition.name).toBe('small_run');
    expect(definition.nodes.map(({ name, depends_on }) => [name, depends_on])).toEqual([
      ['a_1', []],
      ['a_1-2', []],
      ['b', ['a_1-2', 'a_1']],
    ]);
    expect(definition.nodes[2]).toMatchObject({ payload: { program: 'third', duration_ms: 250 } });
  });

  it('is refused with the path of what is wrong', () => {
    expect(() => fromWfFormat(small([{ id: 'b', name: 'b', parents: ['gone'] }]))).toThrow('there is no task "gone"');
    expect(() => fromWfFormat({ ...small([]), schemaVersion: '1.4' })).toThrow('schemaVersion');
    expect(isWfFormat(small([]))).toBe(true);
    expect(isWfFormat({ name: 'x', nodes: [] })).toBe(false);
  });
});
