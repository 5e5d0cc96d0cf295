import * as z from 'zod';
import { agentId } from '../ids.ts';
import { sqsBatchSizeMax, tasksPerMessageMax, workWaitSecondsMax } from '../limits.ts';
import { heartbeat, inboxMessage, taskResult } from '../messages.ts';
import type { Operation } from '../operation.ts';

/** A request for what lies in an agent's inbox; with nothing there it is answered after `wait_seconds`. */
export const workRequest = z.strictObject({
  wait_seconds: z.int().min(0).max(workWaitSecondsMax).default(workWaitSecondsMax),
  max: z.int().min(1).max(sqsBatchSizeMax).default(sqsBatchSizeMax),
});

/** What was there, and is not given again: assignments, cancellations, requests to make way. */
export const receivedWork = z.strictObject({ messages: z.array(inboxMessage) });

/** Results by HTTP. Outputs stand in them whatever their size: who has no bucket names nothing in it. */
export const resultReport = z.strictObject({
  results: z
    .array(taskResult.omit({ output_ref: true }))
    .min(1)
    .max(tasksPerMessageMax),
});

/** A heartbeat by HTTP; whose it is, the path says. */
export const heartbeatReport = heartbeat.omit({ pool: true, agent_id: true });

const params = { id: agentId };

/** What an agent does that has nothing but HTTP. A function of its own serves these, so that those who wait for work cost and occupy little. */
export const agentWorkOperations: readonly Operation[] = [
  {
    id: 'receiveWork',
    method: 'post',
    path: '/v1/agents/:id/inbox',
    tag: 'agents',
    summary: 'Receive what lies in the inbox of an agent, or wait for it. Only for the principal that registered it',
    params,
    body: workRequest,
    status: 200,
    answer: receivedWork,
  },
  {
    id: 'reportResults',
    method: 'post',
    path: '/v1/agents/:id/results',
    tag: 'agents',
    summary: 'Report how attempts of an agent ended. Only for the principal that registered it',
    params,
    body: resultReport,
    status: 202,
  },
  {
    id: 'reportHeartbeat',
    method: 'post',
    path: '/v1/agents/:id/heartbeats',
    tag: 'agents',
    summary: 'Tell that an agent is alive, and what it holds. Only for the principal that registered it',
    params,
    body: heartbeatReport,
    status: 204,
  },
];
