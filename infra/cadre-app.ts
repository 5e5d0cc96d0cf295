import { App, Validations, type AppProps } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { RuntimeStack } from './runtime-stack.ts';
import { StateStack } from './state-stack.ts';

export interface CadreAppOptions {
  /** Deployed to an emulator. @default false */
  readonly local?: boolean;
  readonly appProps?: AppProps;
}

/**
 * The whole app, for AWS and for a local cloud. Context: `jwtIssuer` and `jwtAudience` (comma-separated) let callers of the API show a token
 * instead of a signature; `contextKeyArn` names a key of yours that encrypts the documents; `approvalTopic` is the name of an SNS topic for approvals,
 * `approvalWebhook` the URL to which they are posted, signed with the secret in the parameter `approvalWebhookSecret`.
 */
export function createCadreApp(options: CadreAppOptions = {}) {
  const app = new App(options.appProps);
  const contextKeyArn = app.node.tryGetContext('contextKeyArn') as string | undefined;
  const state = new StateStack(app, 'CadreState', contextKeyArn === undefined ? {} : { contextKeyArn });
  const approvalTopic = app.node.tryGetContext('approvalTopic') as string | undefined;
  const webhook = app.node.tryGetContext('approvalWebhook') as string | undefined;
  const secretName = (app.node.tryGetContext('approvalWebhookSecret') as string | undefined) ?? '/cadre/webhook-secret';
  const issuer = app.node.tryGetContext('jwtIssuer') as string | undefined;
  const audience = (app.node.tryGetContext('jwtAudience') as string | undefined) ?? 'cadre';
  const runtime = new RuntimeStack(app, 'CadreRuntime', {
    state,
    local: options.local ?? false,
    ...(approvalTopic === undefined ? {} : { approvalTopic }),
    ...(webhook === undefined ? {} : { approvalWebhook: { url: webhook, secretName } }),
    ...(issuer === undefined ? {} : { jwt: { issuer, audience: audience.split(',') } }),
  });
  // An emulator gains no security from the check, and it doubles the time of a synthesis.
  if (options.local !== true) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, state, runtime };
}
