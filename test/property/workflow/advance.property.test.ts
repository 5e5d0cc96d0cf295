import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SentResult } from '../../../src/distributor/core/tasks/fate.ts';
import { replay } from '../../../src/workflow/core/run/reducer.ts';
import { isFinished, startedNodes } from '../../../src/workflow/core/run/state.ts';
import { settleWorkflowTasks } from '../../../src/workflow/usecases/advance/advance-workflow.ts';
import { beginWorkflow } from '../../../src/workflow/usecases/submit/begin-workflow.ts';
import { findRun, joinedIn, stateOfRun } from '../../../src/workflow/usecases/advance/load-run.ts';
import { resumeWorkflow } from '../../../src/workflow/usecases/advance/resume-workflow.ts';
import { arbitraryWorkflow, soundNodes } from '../../support/arbitrary-workflow.ts';
import { type End, naiveOutcome } from '../../support/naive-workflow.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

const faults = { latencyMsMax: 5, throttle: 0.02, lostAnswer: 0.03, transactionConflict: 0.05 };

const endOf: Readonly<Record<string, End>> = {
  C: 'Completed',
  F: 'Failed',
  H: 'Ignored',
  K: 'Skipped',
  N: 'Not taken',
};

describe('an advance on a table that throttles, conflicts and loses answers', () => {
  it('ends every workflow as the naive interpreter says, with each task run once and a log that replays', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryWorkflow(12, true, soundNodes),
        fc.nat(1_000_000),
        async ({ definition, fates }, seed) => {
          const stage = createWorkflowStage({ seed, faults });
          const { deps, clock } = stage;
          // A message comes again until its function succeeds: that is all the retrying there is.
          const insist = async <T>(act: () => Promise<T>): Promise<T> => {
            for (let tries = 0; tries < 50; tries += 1) {
              try {
                return await clock.drive(act());
              } catch {
                // The next delivery.
              }
            }
            throw new Error('fifty deliveries were not enough');
          };
          await insist(() => stage.submit('w', definition));
          await insist(() => beginWorkflow(deps, { workflow_id: 'w', task_token: 't' }));
          for (let round = 0; round < 100; round += 1) {
            const head = (await insist(() => deps.workflows.head('w')))!;
            if (isFinished(head.status)) break;
            await insist(() => resumeWorkflow(deps, 'w'));
            const sent: SentResult[] = [];
            const run = (await insist(() => findRun(deps, 'w')))!;
            for (const node of startedNodes(definition, run.head.nodes, joinedIn(run))) {
              const [row] = await insist(async () => {
                const [found] = await deps.tasks.get([`w:${node}`]);
                // Stopped meanwhile: nobody needs it any more.
                return found === undefined || found.status === 'Cancelled' ? [] : [await stage.claim('w', node)];
              });
              if (row === undefined) continue;
              const fate = fates(node);
              const error = { code: 'broken', message: 'it broke', retryable: false };
              sent.push(stage.resultOf(row, fate === 'failed' ? { outcome: 'failed', error } : {}));
            }
            // Two functions at once get overlapping results.
            const settle = (list: readonly SentResult[]) => insist(() => settleWorkflowTasks(deps, 'w', list));
            await settle(sent);
            await settle(sent.slice(0, 2));
          }
          const head = (await insist(() => deps.workflows.head('w')))!;
          const expected = naiveOutcome(definition, fates);
          const ends = definition.nodes.map((node, index) => [node.name, endOf[head.nodes[index]!]]);
          expect(ends).toEqual(definition.nodes.map((node) => [node.name, expected.ends.get(node.name)]));
          expect(head.status).toBe(expected.status);
          const log = (await insist(() => deps.workflows.events('w'))).flatMap((row) => row.events);
          expect(replay(definition, log)).toEqual(stateOfRun((await insist(() => findRun(deps, 'w')))!));
          const started = log.flatMap((event) => (event.type === 'NodeStarted' ? [event.node] : []));
          expect(new Set(started).size).toBe(started.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});
