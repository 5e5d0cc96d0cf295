import fc from 'fast-check';
import { type WorkflowDefinition, workflowDefinition } from '../../src/contracts/workflow.ts';
import type { Fate } from './naive-workflow.ts';

/** A random acyclic definition with the fate of each of its nodes: edges lead from earlier to later nodes, listed in a shuffled order. */
export function arbitraryWorkflow(
  nodesMax: number,
): fc.Arbitrary<{ readonly definition: WorkflowDefinition; readonly fates: ReadonlyMap<string, Fate> }> {
  return fc
    .array(
      fc.record({
        parents: fc.array(fc.nat(nodesMax), { maxLength: 5 }),
        all_done: fc.boolean(),
        fails: fc.nat(9),
        place: fc.nat(1_000_000),
      }),
      { minLength: 1, maxLength: nodesMax },
    )
    .map((drafts) => {
      const nodes = drafts.map((draft, index) => ({
        name: `n${index}`,
        task_type: 'work',
        depends_on: index === 0 ? [] : [...new Set(draft.parents.map((parent) => `n${parent % index}`))],
        trigger_rule: draft.all_done ? 'all_done' : 'all_success',
        place: draft.place,
      }));
      nodes.sort((a, b) => a.place - b.place);
      const fates = new Map(
        drafts.map(({ fails }, index): [string, Fate] => [`n${index}`, fails < 2 ? 'failed' : 'completed']),
      );
      return {
        definition: workflowDefinition.parse({ name: 'any', nodes: nodes.map(({ place: _place, ...node }) => node) }),
        fates,
      };
    });
}
