import * as z from 'zod';
import { agentWorkOperations } from './distributor/agent-work.ts';
import { agentGrant, agentRegistration, agentView, queueView } from './distributor/agent.ts';
import {
  cancelRequest,
  page,
  stopRequest,
  submissionQuery,
  submittedTask,
  submittedTasks,
  systemStatusView,
  taskListQuery,
  taskSubmission,
} from './api.ts';
import { approvalOperations } from './workflow/approval-operations.ts';
import { contextOperations } from './context/operations.ts';
import { deadLetterOperations } from './distributor/dead-letter-operations.ts';
import { documentOperations } from './context/document-operations.ts';
import { taskExplanation } from './distributor/explanation.ts';
import { taskForecasts } from './distributor/forecast.ts';
import { agentId, taskId } from './ids.ts';
import { json } from './json.ts';
import { inspectionOperations } from './workflow/inspection-operations.ts';
import { policyOperations } from './distributor/policy-operations.ts';
import { registryOperations } from './workflow/registry-operations.ts';
import { repairOperations } from './workflow/repair-operations.ts';
import { scheduleOperations } from './workflow/schedule-operations.ts';
import { taskView } from './distributor/task.ts';
import { workflowOperations } from './workflow/operations.ts';

/** One operation of the API: the app serves it and the OpenAPI document describes it. */
export interface Operation {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `:name` for parameters. */
  readonly path: string;
  readonly tag:
    | 'tasks'
    | 'workflows'
    | 'approvals'
    | 'schedules'
    | 'agents'
    | 'policies'
    | 'queues'
    | 'contexts'
    | 'dead-letters'
    | 'system';
  readonly summary: string;
  readonly params?: Readonly<Record<string, z.ZodType>>;
  readonly query?: z.ZodObject;
  /** What headers of its own it knows, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  readonly status: 200 | 201 | 202 | 204;
  readonly answer?: z.ZodType;
}

/** All operations of the API. */
export const operations: readonly Operation[] = [
  {
    id: 'submitTasks',
    method: 'post',
    path: '/v1/tasks',
    tag: 'tasks',
    summary: 'Submit one task, or up to 25',
    query: submissionQuery,
    body: taskSubmission,
    status: 202,
    answer: z.union([submittedTask, submittedTasks]),
  },
  {
    id: 'forecastTasks',
    method: 'post',
    path: '/v1/tasks/forecast',
    tag: 'tasks',
    summary: 'What would become of tasks if they were submitted now; nothing is',
    body: taskSubmission,
    status: 200,
    answer: taskForecasts,
  },
  {
    id: 'listTasks',
    method: 'get',
    path: '/v1/tasks',
    tag: 'tasks',
    summary: 'List tasks',
    query: taskListQuery,
    status: 200,
    answer: page(taskView),
  },
  {
    id: 'getTask',
    method: 'get',
    path: '/v1/tasks/:id',
    tag: 'tasks',
    summary: 'Read a task',
    params: { id: taskId },
    status: 200,
    answer: taskView,
  },
  {
    id: 'explainTask',
    method: 'get',
    path: '/v1/tasks/:id/explanation',
    tag: 'tasks',
    summary: 'Why a task got its agent, or why it still waits',
    params: { id: taskId },
    status: 200,
    answer: taskExplanation,
  },
  {
    id: 'getTaskPayload',
    method: 'get',
    path: '/v1/tasks/:id/payload',
    tag: 'tasks',
    summary: 'Read the payload of a task, however it is stored',
    params: { id: taskId },
    status: 200,
    answer: json,
  },
  {
    id: 'getTaskOutput',
    method: 'get',
    path: '/v1/tasks/:id/output',
    tag: 'tasks',
    summary: 'Read the output of a task, however it is stored',
    params: { id: taskId },
    status: 200,
    answer: json,
  },
  {
    id: 'getTaskCheckpoint',
    method: 'get',
    path: '/v1/tasks/:id/checkpoint',
    tag: 'tasks',
    summary: 'Read what an earlier attempt of a task saved before it had to make way, however it is stored',
    params: { id: taskId },
    status: 200,
    answer: json,
  },
  {
    id: 'cancelTask',
    method: 'post',
    path: '/v1/tasks/:id/cancel',
    tag: 'tasks',
    summary: 'Cancel a task',
    params: { id: taskId },
    body: cancelRequest,
    status: 200,
    answer: taskView,
  },
  {
    id: 'killTask',
    method: 'post',
    path: '/v1/tasks/:id/kill',
    tag: 'tasks',
    summary: 'Kill a task, also one of a workflow: it fails now, whoever works on it',
    params: { id: taskId },
    body: stopRequest,
    status: 200,
    answer: taskView,
  },
  ...workflowOperations,
  ...repairOperations,
  ...registryOperations,
  ...inspectionOperations,
  ...approvalOperations,
  ...scheduleOperations,
  ...policyOperations,
  {
    id: 'registerAgent',
    method: 'post',
    path: '/v1/agents',
    tag: 'agents',
    summary: 'Register an agent, or renew it',
    body: agentRegistration,
    status: 201,
    answer: agentGrant,
  },
  {
    id: 'listAgents',
    method: 'get',
    path: '/v1/agents',
    tag: 'agents',
    summary: 'List agents',
    status: 200,
    answer: page(agentView),
  },
  {
    id: 'getAgent',
    method: 'get',
    path: '/v1/agents/:id',
    tag: 'agents',
    summary: 'Read an agent',
    params: { id: agentId },
    status: 200,
    answer: agentView,
  },
  {
    id: 'deregisterAgent',
    method: 'delete',
    path: '/v1/agents/:id',
    tag: 'agents',
    summary: 'Remove an agent and its inbox',
    params: { id: agentId },
    status: 204,
  },
  ...agentWorkOperations,
  {
    id: 'drainAgent',
    method: 'post',
    path: '/v1/agents/:id/drain',
    tag: 'agents',
    summary: 'Give an agent no new work; what it holds it may finish',
    params: { id: agentId },
    body: stopRequest,
    status: 200,
    answer: agentView,
  },
  {
    id: 'killAgent',
    method: 'post',
    path: '/v1/agents/:id/kill',
    tag: 'agents',
    summary: 'Give an agent no new work and revoke all its leases',
    params: { id: agentId },
    body: stopRequest,
    status: 200,
    answer: agentView,
  },
  {
    id: 'reviveAgent',
    method: 'post',
    path: '/v1/agents/:id/revive',
    tag: 'agents',
    summary: 'Let an agent that was drained or killed get work again',
    params: { id: agentId },
    status: 200,
    answer: agentView,
  },
  {
    id: 'listQueues',
    method: 'get',
    path: '/v1/queues',
    tag: 'queues',
    summary: 'List queues with their sizes',
    status: 200,
    answer: page(queueView),
  },
  ...Object.entries(contextOperations).map(([name, { summary, body, answer }]): Operation => ({
    id: `${name}Context`,
    method: 'post',
    path: `/v1/contexts/${name}`,
    tag: 'contexts',
    summary,
    body,
    status: 200,
    answer,
  })),
  ...documentOperations,
  ...deadLetterOperations,
  {
    id: 'getStatus',
    method: 'get',
    path: '/v1/status',
    tag: 'system',
    summary: 'How the deployment is, and why',
    status: 200,
    answer: systemStatusView,
  },
  {
    id: 'getOpenApi',
    method: 'get',
    path: '/v1/openapi.json',
    tag: 'system',
    summary: 'This description',
    status: 200,
    answer: z.record(z.string(), z.unknown()),
  },
];
