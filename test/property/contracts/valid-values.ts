import { plainStrategies } from '../../../src/contracts/distributor/strategy.ts';
import fc from 'fast-check';
import type * as z from 'zod';
import {
  agentGrant,
  agentRegistration,
  agentView,
  capabilityView,
  queueView,
} from '../../../src/contracts/distributor/agent.ts';
import { envelope, eventData, metadata } from '../../../src/contracts/events.ts';
import {
  dispatchHint,
  heartbeat,
  inboxMessage,
  pulseTick,
  resultBatch,
  taskBatch,
  taskResult,
} from '../../../src/contracts/messages.ts';
import { blobKey, priorities, task, taskStatuses, taskView } from '../../../src/contracts/distributor/task.ts';
import { workflowEvent, workflowSubmission } from '../../../src/contracts/workflow/workflow.ts';

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$/);
const agentId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/);
const capabilities = fc.array(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,20}$/), { maxLength: 16 });
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
/** A text that may be the key of an object: `constructor` and its like are refused. */
const keyText = text.filter((value) => !(value in Object.prototype));
const time = fc
  .date({ noInvalidDate: true, min: new Date('0001-01-02'), max: new Date('9999-12-30') })
  .map((date) => date.toISOString());
const count = fc.nat({ max: 1_000_000 });
const positive = fc.integer({ min: 1, max: 1_000_000 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const json = fc.jsonValue({ maxDepth: 4 });
const blobRef = fc.record({ key: text, bytes: count });
const error = fc.record({
  code: text,
  message: fc.string({ unit: 'grapheme', maxLength: 200 }),
  retryable: fc.boolean(),
});
const some = { requiredKeys: [] };

const rules = fc.record(
  {
    primary_agent: agentId,
    backup_agents: fc.array(agentId, { maxLength: 8 }),
    routing_strategy: fc.constantFrom(...plainStrategies),
    affinity_key: text,
    region: keyText,
  },
  some,
);
const taskShape = {
  task_id: id,
  task_type: keyText,
  priority: fc.constantFrom(...priorities),
  required_capabilities: capabilities,
  payload: json,
};
const tasks = fc.record(
  { ...taskShape, deadline: time, distribution_rules: rules },
  { requiredKeys: ['task_id', 'task_type', 'priority', 'required_capabilities', 'payload'] },
);
const result = fc
  .record(
    {
      task_id: id,
      attempt: positive,
      outcome: fc.constantFrom('completed', 'failed', 'released'),
      output: json,
      output_ref: blobRef,
      error,
      duration_ms: share,
      task_type: keyText,
      usage: fc.record({ usd: share, tokens: count }, { requiredKeys: [] }),
    },
    { requiredKeys: ['task_id', 'attempt', 'outcome'] },
  )
  // It refers to values of its own task.
  .map(({ output_ref, ...rest }) =>
    output_ref === undefined
      ? rest
      : { ...rest, output_ref: { ...output_ref, key: blobKey(rest.task_id, 'a'.repeat(64)) } },
  );
const assignment = fc.record({
  kind: fc.constant('assign'),
  pool: id,
  task_type: keyText,
  task_id: id,
  priority: fc.constantFrom(...priorities),
  attempt: positive,
  until: time,
  payload: json,
});
const view = fc.record(
  {
    ...taskShape,
    status: fc.constantFrom(...taskStatuses),
    attempt: count,
    retry_count: count,
    created_at: time,
    queued_at: time,
    dependencies: fc.array(id),
    late_results: count,
    output: json,
    error,
    assigned_agent: agentId,
  },
  {
    requiredKeys: [
      'task_id',
      'task_type',
      'priority',
      'required_capabilities',
      'status',
      'attempt',
      'retry_count',
      'created_at',
      'queued_at',
      'dependencies',
      'late_results',
    ],
  },
);
const story = fc.record({
  id: text,
  schema_version: fc.constant('1'),
  correlation_id: text,
  causation_id: text,
  traceparent: fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
});
const node = fc.record({
  name: id,
  task_type: keyText,
  depends_on: fc.array(id, { maxLength: 3 }),
  required_capabilities: capabilities,
  priority: fc.constantFrom(...priorities),
  trigger_rule: fc.constantFrom('all_success', 'all_done'),
});
const workflow = fc.record({
  workflow_id: id,
  definition: fc.record({ name: id, nodes: fc.array(node, { minLength: 1, maxLength: 4 }) }),
});

/** Each contract with values that keep it, in the form that parsing leaves as it is. */
export const contracts: readonly (readonly [string, z.ZodType, fc.Arbitrary<object>])[] = [
  ['task', task, tasks],
  ['task batch', taskBatch, fc.record({ tasks: fc.array(tasks, { minLength: 1, maxLength: 3 }) })],
  ['task view', taskView, view],
  ['task result', taskResult, result],
  [
    'result batch',
    resultBatch,
    fc.record({ pool: id, agent_id: agentId, results: fc.array(result, { minLength: 1, maxLength: 3 }) }),
  ],
  [
    'heartbeat',
    heartbeat,
    fc.record({
      pool: id,
      agent_id: agentId,
      holding: fc.array(id, { maxLength: 3 }),
      interval_ms: fc.integer({ min: 100, max: 3_600_000 }),
    }),
  ],
  ['dispatch hint', dispatchHint, fc.record({ pool: id, routes: fc.array(text) })],
  ['pulse tick', pulseTick, fc.record({ pool: id })],
  [
    'inbox message',
    inboxMessage,
    fc.oneof(assignment, fc.record({ kind: fc.constant('cancel'), task_id: id, attempt: positive, reason: text })),
  ],
  [
    'agent registration',
    agentRegistration,
    fc.record({ agent_id: agentId, type: text, capabilities, capacity: fc.integer({ min: 1, max: 200 }) }),
  ],
  [
    'agent grant',
    agentGrant,
    fc.record({
      agent_id: agentId,
      pool: id,
      inbox_url: text,
      results_url: text,
      heartbeats_url: text,
      bucket: text,
      heartbeat_interval_ms: count,
      idle_heartbeat_interval_ms: count,
    }),
  ],
  [
    'agent view',
    agentView,
    fc.record({
      id: agentId,
      type: text,
      capabilities,
      capacity: count,
      capacity_score: share,
      performance_score: share,
      utilization_rate: share,
      busy_slots: count,
      free_slots: count,
      throughput_per_hour: count,
      utilization: share,
      status: fc.constantFrom('Active', 'Idle'),
      last_heartbeat: time,
      current_tasks: fc.array(id),
      completed: count,
      failed: count,
      figures: fc.dictionary(keyText, fc.record({ completed: count, failed: count })),
    }),
  ],
  [
    'capability view',
    capabilityView,
    fc.record({ capability: id, agents: count, available: count, slots: count, free: count, waiting: count }),
  ],
  [
    'queue view',
    queueView,
    fc.record({
      id: text,
      type: fc.constantFrom('ready', 'fifo'),
      current_size: count,
      max_size: count,
      priority_level: fc.constantFrom('all', 'low'),
    }),
  ],
  ['metadata', metadata, story],
  ['event', envelope(eventData.TaskSubmitted), fc.record({ metadata: story, data: tasks })],
  ['workflow submission', workflowSubmission, workflow],
  ['workflow event', workflowEvent, fc.record({ type: fc.constant('NodeSkipped'), node: id, reason: text })],
];

/** Contracts whose readers pass over unknown keys on purpose: newer deployments talk to older agents. */
export const tolerant = new Set(['inbox message']);
