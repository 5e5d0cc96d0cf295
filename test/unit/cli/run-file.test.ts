import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultTimeoutMs, timeoutMsMax } from '../../../src/contracts/limits.ts';
import { type WorkflowDefinition, workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { readRunFile } from '../../../src/cli/run-file.ts';

const nodesOf = (definition: WorkflowDefinition | string) => workflowDefinition.parse(definition).nodes;

const folder = mkdtempSync(join(tmpdir(), 'cadre-run-file-'));

function file(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

/** A recorded workflow of two tasks, the second of which took `seconds`. */
const recorded = (seconds: number) => ({
  name: 'recorded',
  schemaVersion: '1.5',
  workflow: {
    specification: {
      tasks: [
        { id: 'a', name: 'first', parents: [], children: ['b'] },
        { id: 'b', name: 'second', parents: ['a'], children: [] },
      ],
    },
    execution: {
      tasks: [
        { id: 'a', runtimeInSeconds: 1 },
        { id: 'b', runtimeInSeconds: seconds },
      ],
    },
  },
});

describe('a file to run', () => {
  it('is a definition, or a submission with its id, its input and its namespace', async () => {
    const definition = { name: 'flow', nodes: [{ name: 'a', task_type: 't' }] };
    expect(await readRunFile(file('definition.json', definition))).toMatchObject({ recorded: false, definition });
    const submission = { workflow_id: 'w1', definition, input: { x: 1 }, namespace: 'acme' };
    expect(await readRunFile(file('submission.json', submission))).toMatchObject({
      workflow_id: 'w1',
      input: { x: 1 },
      namespace: 'acme',
    });
  });

  it('is a recorded workflow, scaled in time', async () => {
    const { definition, recorded: isRecorded } = await readRunFile(file('wf.json', recorded(50)), '0.1');
    expect(isRecorded).toBe(true);
    expect(nodesOf(definition)).toMatchObject([
      { name: 'a', payload: { duration_ms: 100 }, required_capabilities: ['simulate'] },
      { name: 'b', depends_on: ['a'], payload: { duration_ms: 5_000 }, timeout_ms: defaultTimeoutMs },
    ]);
  });

  it('gives recorded tasks that last long the time they need', async () => {
    const hour = await readRunFile(file('hour.json', recorded(3_600)));
    expect(nodesOf(hour.definition)[1]).toMatchObject({ timeout_ms: 7_200_000 });
    const week = await readRunFile(file('week.json', recorded(7 * 86_400)));
    expect(nodesOf(week.definition)[1]).toMatchObject({ timeout_ms: timeoutMsMax });
  });

  it('may be a registered workflow instead', async () => {
    expect(await readRunFile('release@3')).toEqual({ definition: 'release@3', recorded: false });
    await expect(readRunFile('release')).rejects.toMatchObject({ code: 'unreadable-file' });
  });

  it('is refused with a scale that is no number', async () => {
    await expect(readRunFile(file('wf.json', recorded(1)), 'fast')).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
