import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { SearchDeps } from '../../context/index-ports.ts';
import type { DistributorDeps } from '../../distributor/ports.ts';
import type { WorkflowDeps } from '../../workflow/ports.ts';
import type { Warner } from './messenger.ts';
import type { Objects } from './objects.ts';
import type { StepFunctions } from './workflow/executions.ts';

/** The clients everything goes through: real ones on AWS and on the local cloud, the twin's in a simulation. */
export interface Clients {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly sfn: StepFunctions;
  readonly objects: Objects;
}

/** Where a deployment's parts are. */
export interface Deployment {
  readonly table: string;
  /** The table of documents. */
  readonly contextTable: string;
  readonly bucket: string;
  readonly bus: string;
  readonly stateMachineArn: string;
  /** A model of Bedrock that makes the vectors of the search. @default words are hashed */
  readonly embeddingModel?: string;
  /** A Redis or Valkey server that keeps bodies of documents for all functions. @default each keeps its own in memory */
  readonly contextCacheUrl?: string;
  /** The name of its password, a SecureString in the Parameter Store. @default it wants none */
  readonly contextCacheSecret?: string;
  /** Queue URLs by name, for example `tasks-critical`, `dispatch`, `results`. */
  readonly queues: Readonly<Record<string, string>>;
  /** The id of the role that may speak for other principals: that of serve-agents. @default nobody may */
  readonly relayRoleId?: string;
  /** The customer's key, for the queues that are made at run time. */
  readonly keyArn?: string;
}

/** The ports on one deployment. */
export type Adapters = Omit<DistributorDeps, 'workflowTasks' | 'wakers'> &
  WorkflowDeps &
  SearchDeps & { readonly log: Warner } & Pick<Deployment, 'queues' | 'relayRoleId'>;

/** All that the use cases are given. */
export type Runtime = DistributorDeps & Adapters;

const queueVariable = /^QUEUE_URL_(.+)$/;

/** The deployment as a function's environment tells it. */
export function deploymentOf(env: NodeJS.ProcessEnv): Deployment {
  const queues = Object.entries(env).flatMap(([name, url]) => {
    const match = queueVariable.exec(name);
    return match?.[1] === undefined || url === undefined
      ? []
      : [[match[1].toLowerCase().replaceAll('_', '-'), url] as const];
  });
  return {
    table: env['TABLE_NAME'] ?? '',
    contextTable: env['CONTEXT_TABLE_NAME'] ?? '',
    bucket: env['BUCKET_NAME'] ?? '',
    bus: env['BUS_NAME'] ?? '',
    stateMachineArn: env['STATE_MACHINE_ARN'] ?? '',
    ...(env['EMBEDDING_MODEL'] === undefined ? {} : { embeddingModel: env['EMBEDDING_MODEL'] }),
    ...(env['CONTEXT_CACHE_URL'] === undefined ? {} : { contextCacheUrl: env['CONTEXT_CACHE_URL'] }),
    ...(env['CONTEXT_CACHE_SECRET'] === undefined ? {} : { contextCacheSecret: env['CONTEXT_CACHE_SECRET'] }),
    ...(env['RELAY_ROLE_ID'] === undefined ? {} : { relayRoleId: env['RELAY_ROLE_ID'] }),
    ...(env['KEY_ARN'] === undefined ? {} : { keyArn: env['KEY_ARN'] }),
    queues: Object.fromEntries(queues),
  };
}
