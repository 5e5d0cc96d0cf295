/**
 * Writes what is made from the contracts: JSON Schemas, the OpenAPI document and the page of errors. A test compares the committed
 * files with what this makes now. Run it with `npm run schemas`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { approvalItem, approvalView, decisionRequest } from './workflow/approval.ts';
import { agentGrant, agentRegistration, agentView, capabilityView, queueView } from './distributor/agent.ts';
import { contextDocument, shownHead } from './context/context.ts';
import { accessPolicy, namespacePolicy } from './context/policy.ts';
import { changeAnswer, conflictDocument, createDocumentRequest } from './context/requests.ts';
import { deadLetterView, problem, systemStatusView } from './api.ts';
import { errorCatalogue } from './error-catalogue.ts';
import { envelope, eventData } from './events.ts';
import { taskExplanation } from './distributor/explanation.ts';
import { taskForecast } from './distributor/forecast.ts';
import { json } from './json.ts';
import { dispatchHint, heartbeat, inboxMessage, pulseTick, resultBatch, taskBatch } from './messages.ts';
import { operations } from './operations.ts';
import type { Operation } from './operation.ts';
import { policyDocument, policyView } from './distributor/policy.ts';
import { registeredView, versionBodyView } from './workflow/registry.ts';
import { schedule, scheduleView } from './workflow/schedule.ts';
import { distributionLog, task, taskView } from './distributor/task.ts';
import { runTask, workflowDefinition, workflowEvent, workflowSubmission, workflowView } from './workflow/workflow.ts';
import { workflowBody, workflowNode } from './workflow/nodes.ts';

const schemas: Readonly<Record<string, z.ZodType>> = {
  task,
  'task-batch': taskBatch,
  'task-view': taskView,
  'distribution-log': distributionLog,
  'task-explanation': taskExplanation,
  'task-forecast': taskForecast,
  'agent-registration': agentRegistration,
  'agent-grant': agentGrant,
  'agent-view': agentView,
  'capability-view': capabilityView,
  'queue-view': queueView,
  'workflow-definition': workflowDefinition,
  'workflow-submission': workflowSubmission,
  'registered-definition': registeredView,
  'definition-version': versionBodyView,
  'workflow-view': workflowView,
  'workflow-event': workflowEvent,
  'run-task': runTask,
  'approval-item': approvalItem,
  'approval-view': approvalView,
  'approval-decision': decisionRequest,
  schedule,
  'schedule-view': scheduleView,
  'routing-policy': policyDocument,
  'routing-policy-view': policyView,
  'inbox-message': inboxMessage,
  'result-batch': resultBatch,
  heartbeat,
  'dispatch-hint': dispatchHint,
  'pulse-tick': pulseTick,
  'context-document': contextDocument,
  'context-creation': createDocumentRequest,
  'context-change-answer': changeAnswer,
  'context-conflict': conflictDocument,
  'access-policy': accessPolicy,
  'namespace-policy': namespacePolicy,
  'dead-letter-view': deadLetterView,
  'system-status-view': systemStatusView,
  problem,
  ...Object.fromEntries(
    Object.entries(eventData).map(([type, data]) => [`event-${kebab(type)}`, envelope<z.ZodType>(data)]),
  ),
};

/** Shapes that the OpenAPI document names once and refers to. */
const components = {
  Task: task,
  TaskView: taskView,
  DistributionLog: distributionLog,
  TaskForecast: taskForecast,
  AgentRegistration: agentRegistration,
  AgentGrant: agentGrant,
  AgentView: agentView,
  CapabilityView: capabilityView,
  QueueView: queueView,
  WorkflowSubmission: workflowSubmission,
  WorkflowDefinition: workflowDefinition,
  WorkflowNode: workflowNode,
  WorkflowBody: workflowBody,
  WorkflowView: workflowView,
  WorkflowEvent: workflowEvent,
  RunTask: runTask,
  Schedule: schedule,
  ScheduleView: scheduleView,
  RoutingPolicy: policyDocument,
  ContextDocument: contextDocument,
  ContextHead: shownHead,
  ContextChange: changeAnswer,
  DeadLetterView: deadLetterView,
  SystemStatus: systemStatusView,
  Problem: problem,
};

function kebab(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

function jsonSchema(name: string, schema: z.ZodType): string {
  // `input`: what a writer may send; defaults are then optional. A JSON value is any value, which an empty schema says.
  const made = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return pretty({ ...made, title: name });
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

const idempotencyKeyText =
  'Ties the repeats of one call together under one correlation id. The ids in bodies are what makes a repeat safe: the same id with another body is a conflict.';

const jsonContent = (schema: z.ZodType) => ({ 'application/json': { schema } });

function operationObject(operation: Operation): ZodOpenApiOperationObject {
  const { id, tag, summary, params, query, body, status, answer } = operation;
  const isRepeatable = operation.method === 'post' || operation.method === 'put';
  const known = { ...(isRepeatable ? { 'Idempotency-Key': idempotencyKeyText } : {}), ...operation.headers };
  const headers = Object.entries(known).map(
    ([name, description]) => [name, z.string().max(256).optional().meta({ description })] as const,
  );
  return {
    operationId: id,
    tags: [tag],
    summary,
    requestParams: {
      ...(params === undefined ? {} : { path: z.object(params) }),
      ...(query === undefined ? {} : { query }),
      ...(headers.length === 0 ? {} : { header: z.object(Object.fromEntries(headers)) }),
    },
    ...(body === undefined ? {} : { requestBody: { required: true, content: jsonContent(body) } }),
    responses: {
      [String(status)]:
        answer === undefined ? { description: 'Done' } : { description: summary, content: jsonContent(answer) },
      default: {
        description: 'A refusal (RFC 9457); docs/errors.md explains each code',
        content: { 'application/problem+json': { schema: problem } },
      },
    },
  };
}

function openApi(): string {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method]: operationObject(operation) };
  }
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Cadre',
        version: '1',
        summary: 'Coordination runtime for teams of AI agents on AWS',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [
        { url: '{api}', variables: { api: { default: 'http://127.0.0.1', description: 'ApiUrl of the deployment' } } },
      ],
      security: [{ sigv4: [] }],
      paths,
      components: {
        schemas: components,
        securitySchemes: {
          sigv4: {
            type: 'apiKey',
            name: 'Authorization',
            in: 'header',
            description: 'AWS Signature Version 4, service execute-api',
          },
          jwt: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'Where the deployment has a JWT authorizer',
          },
        },
      },
    },
    {
      override: ({ zodSchema, jsonSchema: made }) => {
        // A JSON value has no schema of its own in zod: it is any value.
        if ((zodSchema as unknown) === json) made.description = 'Any JSON value';
      },
      allowEmptySchema: { custom: true },
    },
  );
  return pretty(document);
}

function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, exit, what, fix }]) =>
      `## ${code}\n\n${what}\n\n**What to do:** ${fix}\n\nHTTP status ${status}, exit code ${exit}.\n`,
  );
  const exits = Map.groupBy(Object.entries(errorCatalogue), ([, entry]) => entry.exit);
  const table = [...exits]
    .sort(([a], [b]) => a - b)
    .filter(([exit]) => exit !== 0)
    .map(([exit, entries]) => `| ${exit} | ${entries.map(([code]) => `[${code}](#${code})`).join(', ')} |`);
  return [
    '# Errors\n',
    '<!-- Made by `npm run schemas` from src/contracts/error-catalogue.ts. -->\n',
    'Every refusal of the API (RFC 9457, `type` names a heading of this page), every dead letter and every message of the command line',
    'carries one of these codes. Exit code 0 is success; 7 says that the workflow that a command followed is Partially Complete.\n',
    '| exit code | codes |\n|---|---|',
    `${table.join('\n')}\n`,
    rows.join('\n'),
  ].join('\n');
}

/** Everything that is made from the contracts: path inside the project → text. */
export function generate(): ReadonlyMap<string, string> {
  return new Map([
    ...Object.entries(schemas).map(([name, schema]): [string, string] => [
      `docs/schemas/${name}.json`,
      jsonSchema(name, schema),
    ]),
    ['docs/openapi.json', openApi()],
    ['docs/errors.md', errorsPage()],
  ]);
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..', '..');
  for (const [path, text] of generate()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
