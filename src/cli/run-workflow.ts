import { CadreError } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import type { WorkflowDefinition } from '../contracts/workflow/workflow.ts';
import { everyNode, isTask } from '../contracts/workflow/nodes.ts';
import type { Client } from '../sdk/client/client.ts';
import { startFleet, type Fleet, type FleetMember } from './fleet/fleet.ts';
import { followWorkflow, type EndedRun } from './follow.ts';
import { interruptible } from './local/interrupt.ts';
import type { Output } from './output.ts';
import { loadVersion } from './registered.ts';
import { simulateCapability } from './run-file.ts';
import { playPeople } from './twin-people.ts';

/** A workflow to run to its end. */
export interface RunRequest {
  readonly definition: WorkflowDefinition | string;
  readonly input: Json | undefined;
  readonly workflow_id: string | undefined;
  readonly deadline: string | undefined;
  readonly namespace: string | undefined;
  readonly recorded: boolean;
}

/** Sleepers that are started for a recorded workflow when no agent offers to simulate. */
const sleepers: readonly FleetMember[] = [1, 2, 3].map((number) => ({
  id: `sleeper-${number}`,
  type: 'sleeper',
  capabilities: [simulateCapability],
  slots: 20,
  work: 'sleep',
}));

/** Runs a workflow on a deployment. For a recorded one a small fleet of sleepers comes along, unless there are such agents. */
export async function runDeployed(client: Client, request: RunRequest, out: Output): Promise<EndedRun> {
  return interruptible(async (signal) => {
    const fleet = request.recorded ? await provideSleepers(client, signal, out) : undefined;
    try {
      const { definition: given, input, workflow_id, deadline, namespace } = request;
      const handle = await client.run(given, input, { workflow_id, deadline, namespace });
      for (const warning of handle.submitted.warnings) out.note(`Warning: ${warning}`);
      const { workflow_id: id } = handle;
      const tell = () =>
        out.note(`Workflow ${id} is not stopped: cadre wait ${id} follows it, cadre cancel ${id} ends it`);
      signal.addEventListener('abort', tell, { once: true });
      const definition =
        typeof given === 'string' ? (await loadVersion(client, handle.submitted.definition ?? given)).body : given;
      out.progress(`Workflow ${handle.workflow_id}: ${definition.nodes.length} tasks`);
      return await followWorkflow(client, handle.workflow_id, definition, { out, signal });
    } finally {
      await fleet?.stop();
    }
  });
}

async function provideSleepers(client: Client, signal: AbortSignal, out: Output): Promise<Fleet | undefined> {
  const agents = await client.listAgents();
  const able = agents.some(
    (agent) => agent.status !== 'Unavailable' && agent.capabilities.includes(simulateCapability),
  );
  if (able) return undefined;
  out.progress(`No agent simulates recorded tasks: starting ${sleepers.length} for this run`);
  return startFleet(sleepers, { env: { ...process.env, CADRE_API_URL: client.apiUrl }, signal });
}

/** Agents in the twin, each with every capability that the workflow asks for, and the slots of each. */
const twinAgents = 4;
const twinSlots = 16;

/** Runs a workflow in this process in virtual time; its tasks last `payload.duration_ms` and give their payload back, people approve. */
export async function runInTwin(request: RunRequest): Promise<EndedRun> {
  const { definition } = request;
  if (typeof definition === 'string')
    throw new CadreError('unknown-definition', `the twin has no registry: give it the file of ${definition}`);
  const { createTestCloud } = await import('../sdk/test-cloud/test-cloud.ts');
  const cloud = createTestCloud();
  const capabilities = [
    ...new Set(everyNode(definition).flatMap((node) => (isTask(node) ? node.required_capabilities : []))),
  ];
  for (let number = 1; number <= twinAgents; number += 1) {
    await cloud.addAgent({
      id: `twin-${number}`,
      capabilities,
      slots: twinSlots,
      handler: async ({ payload }, { signal }) => {
        await cloud.sleep(durationOf(payload), signal);
        return payload;
      },
    });
  }
  const { workflow_id, deadline, namespace } = request;
  const handle = await cloud.drive(cloud.client.run(definition, request.input, { workflow_id, deadline, namespace }));
  const ended = new AbortController();
  const asksPeople = everyNode(definition).some(({ kind }) => kind === 'approval');
  if (asksPeople) void playPeople(cloud, handle.workflow_id, ended.signal);
  const view = await cloud.drive(handle.wait());
  ended.abort();
  return { view, tasks: await cloud.drive(handle.tasks()) };
}

function durationOf(payload: Json): number {
  if (typeof payload !== 'object' || payload === null || !('duration_ms' in payload)) return 0;
  return typeof payload.duration_ms === 'number' && payload.duration_ms > 0 ? payload.duration_ms : 0;
}
