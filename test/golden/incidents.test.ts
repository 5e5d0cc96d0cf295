import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { workflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import { acceptTasks } from '../../src/distributor/usecases/submit/accept-tasks.ts';
import { createFaultPlan, type FaultPoint } from '../../src/platform/twin/faults.ts';
import { createRandom } from '../../src/platform/twin/random.ts';
import { deployTwin } from '../../src/sdk/test-cloud/twin-deployment.ts';
import { submitWorkflow } from '../../src/workflow/usecases/submit/submit-workflow.ts';
import { createOracles } from '../simulation/oracles.ts';
import { startSimulatedAgent } from '../simulation/simulated-agent.ts';

/**
 * What went wrong once, as the faults that brought it about: unlike a seed, which draws other faults as soon as anything draws once more, it is the same
 * for ever. Times are ms after the start; a strike hits the opportunities after the first `skip` ones.
 */
interface Incident {
  readonly taught: string;
  readonly agents: readonly string[];
  readonly tasks: readonly {
    readonly task_id: string;
    readonly at: number;
    readonly required_capabilities: readonly string[];
    readonly ends: boolean;
  }[];
  readonly wide_workflow?: { readonly workflow_id: string; readonly at: number; readonly nodes: number };
  /** When the end is looked at: after the recovery, and before the watchdog would cover up for what is missing. */
  readonly looked_at: number;
  readonly strikes: readonly {
    readonly at: number;
    readonly point: FaultPoint;
    readonly on: string;
    readonly skip: number;
    readonly times: number;
  }[];
}

const folder = new URL('./incidents/', import.meta.url);
const names = readdirSync(folder);
const client = { principal: 'client', correlation_id: 'story' };

/** Plays an incident; answers with the twin as it is when the end is looked at. */
async function play(incident: Incident) {
  const random = createRandom('incidents');
  const faults = createFaultPlan(random.fork('faults'));
  const deployment = deployTwin({ faults });
  const { clock, dynamodb } = deployment.cloud;
  const startedAt = clock.now();
  const api = deployment.runtime('api');
  const oracles = createOracles({
    peek: (pk, sk) => dynamodb.peek(pk, sk),
    isDisturbed: () => false,
    isShared: () => false,
      isRead: () => true,
      isLookedAt: () => false,
      hasPolicy: false,
      isDivided: () => false,
      hasFailed: () => false,
    slots: 0,
      isRevived: () => false,
    agents: () => incident.agents
        .map((id) => dynamodb.peek('POOL#default', `AGENT#${id}`))
        .filter((row) => row !== undefined),
    submittedAs: () => undefined,
      lastFaultAt: () => 0,
    definitionOf: () => undefined,
  });
  dynamodb.onCommit((commit) => oracles.onCommit(commit));
  for (const id of incident.agents) {
    const plan = { id, capabilities: [], slots: 20, ownGroup: false, byHttp: false, crashes: [], freezes: [] };
    startSimulatedAgent(deployment, api, plan, random, startedAt);
  }
  for (const { at, point, on, skip, times } of incident.strikes) {
    let seen = 0;
    const matches = (detail: string): boolean => detail === on && (seen += 1) > skip;
    clock.at(startedAt + at, () => faults.arrange(point, matches, times));
  }
  for (const { task_id, at, required_capabilities } of incident.tasks) {
    const task = { task_id, task_type: 'work', priority: 'high' as const, payload: 1 };
    const tasks = [{ ...task, required_capabilities: [...required_capabilities] }];
    clock.at(startedAt + at, () => void acceptTasks(api, { ...client, tasks }));
  }
  const { wide_workflow: wide } = incident;
  if (wide !== undefined) {
    const nodes = Array.from({ length: wide.nodes }, (_, at) => ({ name: `n${at}`, task_type: 'work' }));
    const submission = { workflow_id: wide.workflow_id, definition: workflowDefinition.parse({ name: 'wide', nodes }) };
    clock.at(startedAt + wide.at, () => void submitWorkflow(api, { ...client, submission }));
  }
  await clock.advance(incident.looked_at);
  return { deployment, violations: oracles.violations };
}

describe('what went wrong once', () => {
  it.each(names)('does not go wrong again: %s', async (name) => {
    const incident = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Incident;
    const { deployment, violations } = await play(incident);
    const { dynamodb, faults } = deployment.cloud;
    expect(violations).toEqual([]);
    expect(faults.log).toHaveLength(incident.strikes.reduce((sum, { times }) => sum + times, 0));
    for (const { task_id, ends } of incident.tasks) {
      const status = dynamodb.peek(`TASK#${task_id}`, 'TASK')?.['status'];
      expect({ task_id, status }).toEqual({ task_id, status: ends ? 'Completed' : 'Queued' });
    }
    if (incident.wide_workflow !== undefined) {
      const owed = dynamodb.items().filter(({ pk }) => String(pk).startsWith('ATTENTION#'));
      expect(owed).toEqual([]);
      const { workflow_id, nodes } = incident.wide_workflow;
      expect(dynamodb.peek(`WORKFLOW#${workflow_id}`, 'HEAD')?.['nodes']).toBe('S'.repeat(nodes));
    }
  });
});
