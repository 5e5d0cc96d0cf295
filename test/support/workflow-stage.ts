import { createHash } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Announcement } from '../../src/contracts/events.ts';
import { nodeTaskId } from '../../src/contracts/ids.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { DispatchHint, InboxMessage, TaskResult } from '../../src/contracts/messages.ts';
import type { AgentRow, TaskRow } from '../../src/contracts/rows.ts';
import { workflowDefinition, type WorkflowDefinitionInput } from '../../src/contracts/workflow/workflow.ts';
import type { SentResult } from '../../src/distributor/core/tasks/fate.ts';
import { createAgentStore } from '../../src/platform/aws/distributor/agent-store.ts';
import { createApprovalStore } from '../../src/platform/aws/workflow/approval-store.ts';
import { createBlobStore } from '../../src/platform/aws/blob-store.ts';
import { s3Objects } from '../../src/platform/aws/objects.ts';
import { createDefinitionStore } from '../../src/platform/aws/workflow/definition-store.ts';
import { createPublishedStore } from '../../src/platform/aws/workflow/published-store.ts';
import { createScheduleStore } from '../../src/platform/aws/workflow/schedule-store.ts';
import { createTaskStore } from '../../src/platform/aws/distributor/task-store.ts';
import { createTimerStore } from '../../src/platform/aws/timer-store.ts';
import { createWorkflowStore } from '../../src/platform/aws/workflow/workflow-store.ts';
import { createFakeDynamodb } from '../../src/platform/twin/dynamodb.ts';
import { createFaultPlan, type FaultMix } from '../../src/platform/twin/faults.ts';
import { createRandom } from '../../src/platform/twin/random.ts';
import { createFakeS3 } from '../../src/platform/twin/s3.ts';
import { createVirtualClock } from '../../src/platform/twin/virtual-clock.ts';
import { createWire } from '../../src/platform/twin/wire.ts';
import type { WorkflowDeps } from '../../src/workflow/ports.ts';
import { settleWorkflowTasks } from '../../src/workflow/usecases/advance/advance-workflow.ts';
import { beginWorkflow } from '../../src/workflow/usecases/submit/begin-workflow.ts';
import { submitWorkflow } from '../../src/workflow/usecases/submit/submit-workflow.ts';

/** The workflow's use cases on the real stores over the twin's table, with the distributor played by the test. */
export function createWorkflowStage(options: { seed?: number; faults?: FaultMix } = {}) {
  const random = createRandom(options.seed ?? 1);
  const clock = createVirtualClock();
  const wire = createWire(clock, createFaultPlan(random, options.faults));
  const dynamodb = createFakeDynamodb(wire);
  const s3 = createFakeS3(wire, ['bucket']);
  const db = { client: dynamodb.client(wire) as unknown as DynamoDBDocumentClient, table: 'cadre' };
  const blobs = createBlobStore(s3Objects(s3.client(wire) as unknown as S3Client), 'bucket');
  const hints: DispatchHint[] = [];
  const announced: Announcement[] = [];
  const sent: { readonly inbox_url: string; readonly message: InboxMessage }[] = [];
  const ticks: number[] = [];
  const executions = new Map<string, 'waiting' | 'ended'>();
  const started: string[] = [];
  const warnings: string[] = [];
  const deps: WorkflowDeps = {
    sources: {
      now: () => clock.now(),
      id: () => `id-${random.next()}`,
      random: () => random.next(),
      hash: (text) => createHash('sha256').update(text).digest('hex'),
    },
    workflows: createWorkflowStore(db, blobs),
    definitions: createDefinitionStore(db),
    schedules: createScheduleStore(db),
    approvals: createApprovalStore(db),
    published: createPublishedStore(db),
    executions: {
      start: async (workflow_id) => void started.push(workflow_id),
      complete: async (token) => {
        if (executions.get(token) !== 'waiting') return false;
        executions.set(token, 'ended');
        return true;
      },
    },
    tasks: createTaskStore(db),
    agents: createAgentStore(db),
    messenger: {
      hint: async (list) => void hints.push(...list),
      share: async () => true,
      send: async (list) => void sent.push(...list),
      ticks: async (_pool, delays) => ticks.push(...delays) > 0,
      relay: async () => undefined,
      retrySoon: async () => undefined,
      announce: async (list) => void announced.push(...list),
    },
    blobs,
    log: { warn: (message) => void warnings.push(message) },
  };

  /** Registers an agent with these capabilities. */
  async function register(agent_id: string, capabilities: readonly string[] = []): Promise<void> {
    const at = new Date(clock.now()).toISOString();
    const row: AgentRow = {
      pool: 'default',
      agent_id,
      type: 'worker',
      capabilities,
      capacity: 100,
      principal: `principal-of-${agent_id}`,
      inbox_url: `https://queue/${agent_id}`,
      registered_at: at,
      last_heartbeat: at,
      reported_at: at,
      lease_until: new Date(clock.now() + 60_000).toISOString(),
      reported: [],
      holds: {},
      wanted: [],
      draining: false,
      completed: 0,
      failed: 0,
    };
    await deps.agents.register(row);
  }

  async function submit(workflow_id: string, definition: WorkflowDefinitionInput, input?: Json, from = deps) {
    return submitWorkflow(from, {
      submission: {
        workflow_id,
        definition: workflowDefinition.parse(definition),
        ...(input === undefined ? {} : { input }),
      },
      principal: 'alice',
      correlation_id: `story-of-${workflow_id}`,
    });
  }

  /** Submits, by a function that dies before it has begun the workflow. */
  async function create(workflow_id: string, definition: WorkflowDefinitionInput): Promise<void> {
    const advance = () => Promise.reject(new Error('the function died'));
    await submit(workflow_id, definition, undefined, { ...deps, workflows: { ...deps.workflows, advance } });
    warnings.length = 0;
  }

  /** Submits, by a function that dies after the first step: what did not fit into its transaction is left. */
  async function diesAfterBeginning(workflow_id: string, definition: WorkflowDefinitionInput): Promise<void> {
    let steps = 0;
    const advance: typeof deps.workflows.advance = (step) =>
      (steps += 1) === 1 ? deps.workflows.advance(step) : Promise.reject(new Error('the function died'));
    await submit(workflow_id, definition, undefined, { ...deps, workflows: { ...deps.workflows, advance } });
    warnings.length = 0;
  }

  /** Submits, and plays the execution's Run state. */
  async function begin(workflow_id: string, definition: WorkflowDefinitionInput, input?: Json): Promise<void> {
    await submit(workflow_id, definition, input);
    const task_token = `token-of-${workflow_id}`;
    executions.set(task_token, 'waiting');
    await beginWorkflow(deps, { workflow_id, task_token });
  }

  async function rowOf(workflow_id: string, node: string): Promise<TaskRow> {
    const [row] = await deps.tasks.get([nodeTaskId(workflow_id, node)]);
    if (row === undefined) throw new Error(`${node} has no row`);
    return row;
  }

  /** Plays the dispatcher: gives the node's task to an agent; a repeat after a lost answer finds it given. */
  async function claim(workflow_id: string, node: string, agent_id = 'ann'): Promise<TaskRow> {
    const row = await rowOf(workflow_id, node);
    if (row.status === 'Processing' && row.assigned_agent === agent_id) return row;
    const attempt = row.attempt + 1;
    const [changed] = await deps.tasks.change([
      {
        task_id: row.task_id,
        expect: { status: 'Queued', attempt: row.attempt },
        patch: {
          status: 'Processing',
          attempt,
          assigned_agent: agent_id,
          principal: `principal-of-${agent_id}`,
          started_at: new Date(clock.now()).toISOString(),
        },
        index: null,
      },
    ]);
    if (changed?.applied !== true) throw new Error(`${node} cannot be claimed: ${row.status}`);
    return rowOf(workflow_id, node);
  }

  /** What the agent that holds the row sends. */
  function resultOf(row: TaskRow, result: Partial<TaskResult> = {}): SentResult {
    return {
      result: { task_id: row.task_id, attempt: row.attempt, outcome: 'completed', ...result },
      agent_id: row.assigned_agent ?? 'ann',
      principal: row.principal ?? 'principal-of-ann',
    };
  }

  /** Claims and settles a node in one go. */
  async function run(workflow_id: string, node: string, result: Partial<TaskResult> = {}) {
    const row = await claim(workflow_id, node);
    return settleWorkflowTasks(deps, workflow_id, [resultOf(row, result)]);
  }

  return {
    deps,
    timers: createTimerStore(db),
    clock,
    faults: wire.faults,
    dynamodb,
    s3,
    hints,
    announced,
    sent,
    ticks,
    executions,
    started,
    warnings,
    register,
    submit,
    create,
    diesAfterBeginning,
    begin,
    rowOf,
    claim,
    resultOf,
    run,
  };
}
