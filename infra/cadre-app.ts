import { App, Validations, type AppProps } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { contextCacheOf } from './constructs/context-cache.ts';
import { RuntimeStack, type RuntimeStackProps } from './runtime-stack.ts';
import { StateStack } from './state-stack.ts';

export interface CadreAppOptions {
  /** Deployed to an emulator. @default false */
  readonly local?: boolean;
  readonly appProps?: AppProps;
}

/**
 * The whole app, for AWS and for a local cloud. Context: `jwtIssuer` and `jwtAudience` (comma-separated) let callers of the API show a token
 * instead of a signature; `keyArn` names a key of yours that encrypts tables, bucket and queues; `approvalTopic` is the name of an SNS topic for approvals,
 * `approvalWebhook` the URL to which they are posted, signed with the secret in the parameter `approvalWebhookSecret`.
 * `scaleEcsService` (`CLUSTER/SERVICE`) or `scaleLambda` (a function's name) is what the agents run as, to be scaled between `scaleMin` and `scaleMax`.
 * `embeddingModel` is a Titan model of Bedrock that makes the vectors of the search. `contextCache` is the URL of a Redis or Valkey server that keeps bodies of documents, reached from
 * `contextCacheSubnets` by `contextCacheSecurityGroups` (both comma-separated).
 */
export function createCadreApp(options: CadreAppOptions = {}) {
  const app = new App(options.appProps);
  const keyArn = app.node.tryGetContext('keyArn') as string | undefined;
  const embeddingModel = app.node.tryGetContext('embeddingModel') as string | undefined;
  const state = new StateStack(app, 'CadreState', {
    ...(keyArn === undefined ? {} : { keyArn }),
    ...(embeddingModel === undefined ? {} : { embeddingModel }),
  });
  const approvalTopic = app.node.tryGetContext('approvalTopic') as string | undefined;
  const webhook = app.node.tryGetContext('approvalWebhook') as string | undefined;
  const secretName = (app.node.tryGetContext('approvalWebhookSecret') as string | undefined) ?? '/cadre/webhook-secret';
  const scaling = scalingOf(app);
  const issuer = app.node.tryGetContext('jwtIssuer') as string | undefined;
  const audience = (app.node.tryGetContext('jwtAudience') as string | undefined) ?? 'cadre';
  const runtime = new RuntimeStack(app, 'CadreRuntime', {
    state,
    local: options.local ?? false,
    ...(approvalTopic === undefined ? {} : { approvalTopic }),
    ...(webhook === undefined ? {} : { approvalWebhook: { url: webhook, secretName } }),
    ...(scaling === undefined ? {} : { scaling }),
    contextCache: contextCacheOf((name) => app.node.tryGetContext(name)),
    ...(issuer === undefined ? {} : { jwt: { issuer, audience: audience.split(',') } }),
  });
  // An emulator gains no security from the check, and it doubles the time of a synthesis.
  if (options.local !== true) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, state, runtime };
}

/** A bound as it is typed: a whole number. */
function bound(app: App, name: string): number | undefined {
  const given = app.node.tryGetContext(name) as string | number | undefined;
  if (given === undefined) return undefined;
  if (!/^\d+$/.test(String(given))) throw new Error(`${name} must be a whole number, not ${given}`);
  return Number(given);
}

/** What is to be scaled, from the context. Throws for names and bounds that cannot be meant. */
function scalingOf(app: App): RuntimeStackProps['scaling'] {
  const service = app.node.tryGetContext('scaleEcsService') as string | undefined;
  const functionName = app.node.tryGetContext('scaleLambda') as string | undefined;
  if (service === undefined && functionName === undefined) return undefined;
  if (service !== undefined && functionName !== undefined)
    throw new Error('give scaleEcsService or scaleLambda, not both');
  const [min, max] = [bound(app, 'scaleMin'), bound(app, 'scaleMax')];
  if ((min ?? 0) > (max ?? Infinity)) throw new Error('scaleMin is above scaleMax');
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  if (functionName !== undefined) return { target: { kind: 'lambda', functionName }, ...bounds };
  const [cluster = '', name = '', ...more] = (service ?? '').split('/');
  if (cluster === '' || name === '' || more.length > 0) throw new Error('scaleEcsService must be CLUSTER/SERVICE');
  return { target: { kind: 'ecs-service', cluster, service: name }, ...bounds };
}
