import type { Hono } from 'hono';
import type { ApiDeps } from './ports.ts';
import type { ApiEnv } from './request.ts';
import { agentRoutes } from './routes/agents.ts';
import { approvalRoutes } from './routes/approvals.ts';
import { budgetRoutes } from './routes/budgets.ts';
import { contextRoutes } from './routes/contexts.ts';
import { definitionRoutes } from './routes/definitions.ts';
import { documentRoutes } from './routes/documents.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { namespaceRoutes } from './routes/namespaces.ts';
import { policyRoutes } from './routes/policies.ts';
import { systemRoutes } from './routes/system.ts';
import { taskRoutes } from './routes/tasks.ts';
import { repairRoutes } from './routes/workflow-repair.ts';
import { steeringRoutes, workflowRoutes } from './routes/workflows.ts';
import { type ApiOptions, createShell } from './shell.ts';

/**
 * The HTTP API: one app for Lambda, the twin and tests. Every command carries its own id in its body, so a repeat is safe with or
 * without a key; `Idempotency-Key` ties the repeats of one caller together under one correlation id, and another body under the same
 * task or workflow id is a typed conflict.
 */
export function createApp(deps: ApiDeps, options: ApiOptions): Hono<ApiEnv> {
  const app = createShell(deps.sources, options);
  app.route('/', taskRoutes(deps));
  app.route('/', workflowRoutes(deps));
  app.route('/', steeringRoutes(deps));
  app.route('/', repairRoutes(deps));
  app.route('/', definitionRoutes(deps));
  app.route('/', approvalRoutes(deps));
  app.route('/', scheduleRoutes(deps));
  app.route('/', agentRoutes(deps));
  app.route('/', policyRoutes(deps));
  app.route('/', namespaceRoutes(deps));
  app.route('/', budgetRoutes(deps));
  app.route('/', contextRoutes(deps));
  app.route('/', documentRoutes(deps));
  app.route('/', deadLetterRoutes(deps));
  app.route('/', systemRoutes(deps));
  return app;
}
