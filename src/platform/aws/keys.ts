import { createHash } from 'node:crypto';
import { type Topic, topicText } from '../../contracts/workflow/signal.ts';

/** Characters (ASCII all) of a route that stands in its key as it is. */
const routeCharactersMax = 1_000;

/** The keys of the one table, told in docs/protocol.md. */
export const taskKey = (task_id: string) => ({ pk: `TASK#${task_id}`, sk: 'TASK' });
/** The timer of a task's deadline: its own place in the index is taken by what it waits for. */
export const deadlineKey = (task_id: string) => ({ pk: `TASK#${task_id}`, sk: 'DEADLINE' });
/** A pool's own rows with its first agents; those that came when it was large stand in its other parts (from 1 on). */
export const poolPartition = (pool: string, part = 0) => `POOL${part === 0 ? '' : part}#${pool}`;
export const poolKey = (pool: string) => ({ pk: poolPartition(pool), sk: '#POOL' });
/** The policy in force: `#` sorts it before the agents, and it comes with the pool's own query. */
export const policyHeadKey = (pool: string) => ({ pk: poolPartition(pool), sk: '#POLICY' });
/** The sums of a policy's canary: with the pool's own query too, and gone a while after it. */
export const canaryKey = (pool: string, version: number) => ({
  pk: poolPartition(pool),
  sk: `#CANARY#${String(version).padStart(8, '0')}`,
});
/** A namespace that was killed, or once was. */
export const namespaceKey = (pool: string, namespace: string) => ({
  pk: poolPartition(pool),
  sk: `#NAMESPACE#${namespace}`,
});
export const policyPartition = (pool: string) => `POLICY#${pool}`;
export const policyVersionKey = (pool: string, version: number) => ({
  pk: policyPartition(pool),
  sk: String(version).padStart(8, '0'),
});
export const agentKey = (pool: string, agent_id: string, part = 0) => ({
  pk: poolPartition(pool, part),
  sk: `AGENT#${agent_id}`,
});
/** A sort key ends at 1,024 bytes, where the longest routes do not: those are named by their hash. */
export const routeKey = (pool: string, route: string) => ({
  pk: poolPartition(pool),
  sk: `ROUTE#${route.length <= routeCharactersMax ? route : createHash('sha256').update(route).digest('hex')}`,
});
export const workflowPartition = (workflow_id: string) => `WORKFLOW#${workflow_id}`;
export const headKey = (workflow_id: string) => ({ pk: workflowPartition(workflow_id), sk: 'HEAD' });
export const definitionKey = (workflow_id: string) => ({ pk: workflowPartition(workflow_id), sk: 'DEFINITION' });
export const eventKey = (workflow_id: string, seq: number) => ({
  pk: workflowPartition(workflow_id),
  sk: `EVENT#${String(seq).padStart(8, '0')}`,
});
export const definitionsPartition = (pool: string) => `DEFINITIONS#${pool}`;
export const registeredKey = (pool: string, name: string) => ({ pk: definitionsPartition(pool), sk: name });
export const definitionVersionKey = (pool: string, name: string, version: number) => ({
  pk: `DEFINITION#${pool}#${name}`,
  sk: String(version).padStart(8, '0'),
});
export const schedulesPartition = (pool: string) => `SCHEDULES#${pool}`;
export const scheduleKey = (pool: string, schedule_id: string) => ({ pk: schedulesPartition(pool), sk: schedule_id });
/** Sorts behind the head: events and head are read together. */
export const expansionKey = (workflow_id: string, ordinal: number) => ({
  pk: workflowPartition(workflow_id),
  sk: `NODES#${String(ordinal).padStart(8, '0')}`,
});
export const nodeTimerKey = (workflow_id: string, path: string) => ({
  pk: workflowPartition(workflow_id),
  sk: `WAIT#${path}`,
});
export const resultKey = (workflow_id: string, path: string) => ({
  pk: workflowPartition(workflow_id),
  sk: `RESULT#${path}`,
});
export const signalKey = (workflow_id: string, id: string) => ({
  pk: workflowPartition(workflow_id),
  sk: `SIGNAL#${id}`,
});
/** What was published for a name and a key, and who waits for it. */
export const topicPartition = (pool: string, topic: Topic) => `EVENTS#${pool}#${topicText(topic)}`;
export const publishedKey = (pool: string, topic: Topic, id: string) => ({
  pk: topicPartition(pool, topic),
  sk: `PUBLISHED#${id}`,
});
export const awaitingKey = (pool: string, topic: Topic, workflow_id: string) => ({
  pk: topicPartition(pool, topic),
  sk: `WAIT#${workflow_id}`,
});
/** Which task has a key. */
export const markKey = (pool: string, name: string) => ({ pk: `MARK#${pool}#${name}`, sk: 'MARK' });
export const approvalKey = (workflow_id: string, path: string) => ({
  pk: workflowPartition(workflow_id),
  sk: `APPROVAL#${path}`,
});
/** What waits for a person (`user:<principal>`) or a group (`group:<name>`). */
export const inboxPartition = (pool: string, owner: string) => `INBOX#${pool}#${owner}`;
/** How much a person has on the desk: `#` sorts it before what waits. */
export const loadKey = (pool: string, user: string) => ({ pk: inboxPartition(pool, `user:${user}`), sk: '#LOAD' });
export const deadLetterKey = (id: string) => ({ pk: `DEAD#${id}`, sk: 'DEAD' });
/** Where the tasks of a route wait in the index; those of a busy one also in its other parts (from 1 on). */
export const readyPartition = (pool: string, route: string, part = 0) =>
  `READY${part === 0 ? '' : part}#${pool}#${route}`;
/** The timer of a namespace's documents. */
export const sweepKey = (namespace: string) => ({ pk: `CONTEXTS#${namespace}`, sk: 'SWEEP' });
export const timerPartition = (pool: string) => `TIMER#${pool}`;
export const deadPartition = (pool: string) => `DEAD#${pool}`;
export const workflowsPartition = (pool: string) => `WORKFLOWS#${pool}`;

/** The sparse index and what it projects: all that a decision and an assignment need, and no more, since every projected change is a write. */
export const indexName = 'gsi1';
export const indexedAttributes = [
  'task_id',
  'task_type',
  'priority',
  'deadline',
  'distribution_rules',
  'attempt',
  'timeout_ms',
  'pool',
  'route',
  'created_at',
  'queued_at',
  'resume',
  'payload_indexed',
  'payload_bytes',
  'traceparent',
  'reads',
] as const;
