import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { deprecateDefinition, registerDefinition } from '../../../src/workflow/usecases/submit/register-definition.ts';
import { task } from '../../support/workflow-runner.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

const bodyOf = (number: number) => workflowDefinition.parse({ name: 'x', nodes: [task(`n${number}`)] });
/** Steps; the commands of one happen at once. */
const commands = fc.array(
  fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('register' as const), body: fc.nat(5) }),
      fc.record({
        type: fc.constant('deprecate' as const),
        version: fc.integer({ min: 1, max: 6 }),
        undo: fc.boolean(),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
  { maxLength: 8 },
);

describe('the registry, whoever registers and deprecates at once', () => {
  it('gives each body one version for ever, numbered without gaps, and every version its own body', async () => {
    await fc.assert(
      fc.asyncProperty(commands, fc.integer(), async (steps, seed) => {
        const { deps } = createWorkflowStage({ seed });
        const versions = new Map<number, number>();
        for (const step of steps) {
          await Promise.all(
            step.map(async (each) => {
              if (each.type === 'deprecate') {
                const { version, undo } = each;
                const reason = undo ? {} : { reason: 'old' };
                await deprecateDefinition(deps, { name: 'x', version, principal: 'p', ...reason });
                return;
              }
              const made = await registerDefinition(deps, { definition: bodyOf(each.body), principal: 'p' });
              const version = made.ok ? made.value.version : 0;
              expect(versions.get(each.body) ?? version).toBe(version);
              versions.set(each.body, version);
            }),
          );
        }
        const numbers = [...versions.values()].sort((a, b) => a - b);
        expect(numbers).toEqual(numbers.map((_, at) => at + 1));
        expect((await deps.definitions.get('default', 'x'))?.versions ?? []).toHaveLength(numbers.length);
        for (const [body, version] of versions)
          expect(await deps.definitions.body('default', 'x', version)).toEqual(bodyOf(body));
      }),
      { numRuns: 60 },
    );
  });
});
