import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';
import { type Cloud, startCloud } from '../../src/cli/local/cloud.ts';
import { deploy, type DeploymentOutputs, readOutputs } from '../../src/cli/local/deploy.ts';
import { withProcessLock } from '../../src/cli/local/process-lock.ts';
import { CadreError } from '../../src/contracts/errors.ts';
import { freePort } from './free-port.ts';
import { testCloudDirectory } from './test-cloud-directory.ts';

/** The deployed system that the tests of one run share. */
export interface Deployed {
  readonly cloud: Cloud;
  readonly outputs: DeploymentOutputs;
  /** The environment of child processes that should talk to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Where on this machine its webhooks of approvals go. */
  readonly webhookPort: number;
}

/** A number that the first one to ask writes down for all others. */
async function chosenOnce(file: string, choose: () => Promise<number>): Promise<number> {
  if (!existsSync(file)) writeFileSync(file, String(await choose()));
  return Number(readFileSync(file, 'utf8'));
}

/** The first suite that asks starts and deploys it; the others wait and share it. It is stopped when the run ends. */
async function findDeployed(): Promise<Deployed> {
  const directory = testCloudDirectory();
  process.env['CADRE_LOCAL_DIR'] = directory;
  return withProcessLock(join(directory, 'deployed.lock'), async () => {
    const cloud = await startCloud();
    const webhookPort = await chosenOnce(join(directory, 'webhook-port'), freePort);
    const context = { approvalWebhook: `http://127.0.0.1:${webhookPort}/` };
    const outputs = (await readOutputs()) ?? (await deploy({ endpoint: cloud.endpoint, context }));
    return { cloud, outputs, env: { ...cloud.env, CADRE_LOCAL_DIR: directory }, webhookPort };
  });
}

/**
 * A suite on the deployed system: `await describeDeployed('…', ({ outputs }) => { … })` at the top of a *.local.test.ts.
 * Where there is no Python it is skipped with the reason in its name and on stderr.
 */
export async function describeDeployed(title: string, suite: (deployed: Deployed) => void): Promise<void> {
  try {
    const deployed = await findDeployed();
    describe(title, () => suite(deployed));
  } catch (error) {
    if (!(error instanceof CadreError && error.code === 'python-missing')) throw error;
    process.stderr.write(`SKIPPED ${title}: ${error.message}\n`);
    describe(title, () => it.skip(`skipped: ${error.message}`, () => undefined));
  }
}
