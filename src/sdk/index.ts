/** What a user of Cadre imports: the client, agents, and the errors that a handler may throw. */
export {
  createAgent,
  type Agent,
  type CreateAgentOptions,
  type CreateBatchAgentOptions,
} from './agent/create-agent.ts';
export { createClient, type Client, type ClientOptions } from './client/client.ts';
export type { WorkflowHandle } from './client/workflow-calls.ts';
export { lambdaAgent, type LambdaAgentOptions } from './agent/lambda-agent.ts';
export { offlineEdits, type OfflineEdits, type OfflineState, type SyncedDocument } from './contexts/offline-edits.ts';
export { workflow, type WorkflowBuilder } from './workflows/workflow-builder.ts';
export { verifyWebhook, type VerifyWebhookOptions } from './verify-webhook.ts';
export { RetryableError, TerminalError } from './errors.ts';
export type { AgentTask, BatchHandler, BatchItem, Handler, HandlerContext } from './agent/handler.ts';
export type { AgentDeps } from './agent/ports.ts';
export { CadreError } from '../contracts/errors.ts';
