import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { CadreError } from '../../contracts/errors.ts';
import { type Cloud, cloudAt } from './cloud.ts';
import { interruptible } from './interrupt.ts';
import { installedPrograms, localDirectory, pathWithInstalledPrograms, projectRoot } from './places.ts';
import { CommandError, runCommand } from './run-command.ts';

export interface DeployOptions {
  /** An emulator, local or LocalStack. @default AWS_ENDPOINT_URL, else AWS with the caller's own credentials and region */
  readonly endpoint?: string;
  /** Context of the CDK app, as its `-c NAME=VALUE`. */
  readonly context?: Readonly<Record<string, string>>;
  readonly onProgress?: (line: string) => void;
}

const deploymentOutputs = z.object({
  apiUrl: z.string(),
  region: z.string(),
  /** Only of an emulator, with the credentials it takes. */
  endpoint: z.string().optional(),
  accessKeyId: z.string().optional(),
  secretAccessKey: z.string().optional(),
  tableName: z.string(),
  contextTableName: z.string(),
  bucketName: z.string(),
  busName: z.string(),
  stateMachineArn: z.string(),
  /** By the queue's name, for example `tasks-critical`. */
  queueUrls: z.record(z.string(), z.string()),
});

/** Where the parts of a deployment are; also in `outputs.json` of the local directory, where SDK and CLI find it. */
export type DeploymentOutputs = z.infer<typeof deploymentOutputs>;

const stackOutputs = z.object({
  CadreState: z.object({
    TableName: z.string(),
    ContextTableName: z.string(),
    BucketName: z.string(),
    BusName: z.string(),
  }),
  CadreRuntime: z.object({ ApiUrl: z.string(), ApiId: z.string(), StateMachineArn: z.string() }).catchall(z.string()),
});

/**
 * Bundles, synthesises and deploys the CDK app, and gives its outputs. An emulator is bootstrapped first; a real account is not, because
 * that is its owner's decision. Throws CadreError `unavailable` with the end of what failed, `interrupted` after Ctrl-C.
 */
export async function deploy(options: DeployOptions = {}): Promise<DeploymentOutputs> {
  const onProgress = options.onProgress ?? (() => undefined);
  const endpoint = options.endpoint ?? process.env['AWS_ENDPOINT_URL'];
  const cloud = endpoint === undefined ? undefined : cloudAt(endpoint);
  const work = join(localDirectory(), `deploy-${randomUUID()}`);
  await mkdir(work, { recursive: true });
  try {
    return await interruptible(async (signal) => {
      const run = (program: string, args: readonly string[], env: Record<string, string> = {}) =>
        runCommand(program, args, { cwd: projectRoot, env: { ...deployEnvironment(cloud), ...env }, signal });
      const assembly = join(work, 'cdk.out');
      onProgress('Bundling the functions and synthesising the stacks');
      await Promise.all([
        run(process.execPath, ['infra/app.ts'], {
          CDK_OUTDIR: assembly,
          CDK_CONTEXT_JSON: await cdkContext(options.context),
        }),
        cloud === undefined ? undefined : bootstrap(run, cloud, work),
      ]);
      onProgress('Deploying the stacks');
      const outputsFile = join(work, 'outputs.json');
      await run(cdk, [
        'deploy',
        '--all',
        '--app',
        assembly,
        '--require-approval',
        'never',
        '--outputs-file',
        outputsFile,
      ]);
      const outputs = toOutputs(stackOutputs.parse(JSON.parse(await readFile(outputsFile, 'utf8'))), cloud);
      if (cloud !== undefined) await mendEmulator(cloud, outputs);
      await writeOutputs(outputs);
      return outputs;
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CadreError('unavailable', `The deployment failed: ${error.message}. It ended with:\n${error.output}`, {
      cause: error,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const cdk = join(installedPrograms, 'cdk');

type Run = (program: string, args: readonly string[]) => Promise<string>;

/** With an empty app, because the real one would be synthesised once more only to learn the account. */
async function bootstrap(run: Run, cloud: Cloud, output: string): Promise<void> {
  await run(cdk, [
    'bootstrap',
    `aws://${cloud.account}/${cloud.region}`,
    '--app',
    '',
    '--output',
    join(output, 'bootstrap'),
  ]);
}

/** The context that the CDK's own command line would give the app. */
async function cdkContext(more: DeployOptions['context']): Promise<string> {
  const { context } = JSON.parse(await readFile(join(projectRoot, 'cdk.json'), 'utf8')) as { context: object };
  return JSON.stringify({ ...context, ...more });
}

/** A local deployment never sees the caller's credentials or profile, so it cannot reach a real account by mistake. */
function deployEnvironment(cloud: Cloud | undefined): Record<string, string> {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const kept = cloud === undefined ? own : own.filter(([name]) => !/^(AWS_|CDK_)/.test(name));
  return {
    ...Object.fromEntries(kept),
    ...cloud?.env,
    PATH: pathWithInstalledPrograms(),
    CI: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
}

function toOutputs(
  { CadreState, CadreRuntime }: z.infer<typeof stackOutputs>,
  cloud: Cloud | undefined,
): DeploymentOutputs {
  const { ApiUrl, ApiId, StateMachineArn, ...rest } = CadreRuntime;
  const queueUrls = Object.entries(rest).flatMap(([key, url]) => {
    const name = /^QueueUrl(.+)$/.exec(key)?.[1];
    return name === undefined ? [] : [[name.replace(/(?<=.)([A-Z])/g, '-$1').toLowerCase(), url] as const];
  });
  const region = StateMachineArn.split(':')[3] ?? 'us-east-1';
  return {
    // An emulator's host names resolve nowhere, its paths do.
    apiUrl: cloud === undefined ? ApiUrl : `${cloud.endpoint}/_aws/execute-api/${ApiId}/$default`,
    region,
    ...(cloud === undefined
      ? {}
      : {
          endpoint: cloud.endpoint,
          accessKeyId: cloud.env['AWS_ACCESS_KEY_ID'] ?? '',
          secretAccessKey: cloud.env['AWS_SECRET_ACCESS_KEY'] ?? '',
        }),
    tableName: CadreState.TableName,
    contextTableName: CadreState.ContextTableName,
    bucketName: CadreState.BucketName,
    busName: CadreState.BusName,
    stateMachineArn: StateMachineArn,
    queueUrls: Object.fromEntries(queueUrls),
  };
}

/** What the emulator's CloudFormation drops without a word. */
async function mendEmulator(cloud: Cloud, { tableName, contextTableName }: DeploymentOutputs): Promise<void> {
  const client = new DynamoDBClient({
    endpoint: cloud.endpoint,
    region: cloud.region,
    credentials: { accessKeyId: cloud.account, secretAccessKey: 'local' },
  });
  const mend = (TableName: string, AttributeName: string) =>
    client
      .send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName, Enabled: true } }))
      .catch((error: unknown) => {
        // An emulator that keeps the setting refuses to make it again.
        if (!(error instanceof Error && error.name === 'ValidationException')) throw error;
      });
  try {
    await mend(tableName, 'expires_at');
    await mend(contextTableName, 'ttl');
  } finally {
    client.destroy();
  }
}

/** The outputs of the last deployment, or nothing when there was none. */
export async function readOutputs(): Promise<DeploymentOutputs | undefined> {
  try {
    return deploymentOutputs.parse(JSON.parse(await readFile(join(localDirectory(), 'outputs.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

async function writeOutputs(outputs: DeploymentOutputs): Promise<void> {
  const file = join(localDirectory(), 'outputs.json');
  await writeFile(`${file}.new`, `${JSON.stringify(outputs, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}
