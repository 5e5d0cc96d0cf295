import { describe, expect, it } from '@jest/globals';
import { explainWithGraph, type Skills } from '../../../examples/agents/langgraph.ts';
import type { HandlerContext } from '../../../src/sdk/agent/handler.ts';
import { CadreStore } from '../../../src/sdk/langgraph.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../support/driven-contexts.ts';

const context = {} as HandlerContext;
const task = (attempt: number) => ({
  task_id: 'run:explain',
  task_type: 'explain',
  attempt,
  priority: 'low' as const,
  payload: { topic: 'leases' },
});

describe('the example of an agent that is a graph', () => {
  it('goes on, with another attempt on another machine, at the node where the one before it ended', async () => {
    const contexts = drivenContexts(createTestCloud());
    const done: string[] = [];
    const skills = (explain: Skills['explain']): Skills => ({
      gather: async (topic) => {
        done.push('gather');
        return [`${topic} end`];
      },
      explain,
    });
    const crashing = explainWithGraph(
      contexts,
      skills(() => Promise.reject(new Error('the machine died'))),
    );
    await expect(crashing(task(1), context)).rejects.toThrow('the machine died');
    const other = explainWithGraph(
      contexts,
      skills(async (topic, notes) => `${topic}: ${notes.join()}`),
    );
    expect(await other(task(2), context)).toEqual({ text: 'leases: leases end' });
    expect(done).toEqual(['gather']);
    const remembered = await new CadreStore(contexts).get(['explanations'], 'leases');
    expect(remembered?.value).toEqual({ text: 'leases: leases end' });
  });
});
