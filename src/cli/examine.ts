import { execFile } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorCatalogue } from '../contracts/error-catalogue.ts';
import { CadreError } from '../contracts/errors.ts';
import type { Client } from '../sdk/client/client.ts';
import { cloudStatus } from './local/cloud.ts';
import { localDirectory } from './local/places.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** Not needed for everything: a failure is only worth a note. */
  readonly optional: boolean;
  readonly detail: string;
  readonly fix?: string;
}

const nodeMajorMin = 22;
const checkMsMax = 10_000;

/** Looks at everything Cadre needs on this machine and at the deployment it would talk to. */
export async function examine(client: () => Promise<Client>): Promise<readonly Finding[]> {
  return Promise.all([node(), python(), folder(), localCloud(), deployment(client)]);
}

async function node(): Promise<Finding> {
  const ok = Number(process.versions.node.split('.')[0]) >= nodeMajorMin;
  return { name: 'Node', ok, optional: false, detail: process.versions.node, fix: 'Run `npm ci`: it brings Node 24.' };
}

async function python(): Promise<Finding> {
  const fix = errorCatalogue['python-missing'].fix;
  const code = 'import sys, venv, ensurepip; print(sys.version.split()[0]); sys.exit(sys.version_info < (3, 10))';
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', code], { timeout: checkMsMax });
    return { name: 'Python with venv', ok: true, optional: false, detail: stdout.trim(), fix };
  } catch (error) {
    const detail =
      String((error as { stderr?: string }).stderr ?? error)
        .trim()
        .split('\n')
        .at(-1) ?? 'not found';
    return { name: 'Python with venv', ok: false, optional: true, detail: detail === '' ? 'too old' : detail, fix };
  }
}

async function folder(): Promise<Finding> {
  const path = localDirectory();
  const fix = 'Make it writable, or set CADRE_LOCAL_DIR to a folder that is.';
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
    return { name: 'Local folder', ok: true, optional: false, detail: path, fix };
  } catch (error) {
    return { name: 'Local folder', ok: false, optional: false, detail: `${path}: ${String(error)}`, fix };
  }
}

async function localCloud(): Promise<Finding> {
  const status = await cloudStatus();
  const detail = status.running ? `runs at ${status.cloud.endpoint}` : (status.reason ?? 'not running');
  return { name: 'Local cloud', ok: status.running, optional: true, detail, fix: 'Run `npx cadre up`.' };
}

async function deployment(client: () => Promise<Client>): Promise<Finding> {
  try {
    const cadre = await client();
    const { status, reasons } = await cadre.status();
    const detail = `${cadre.apiUrl} is ${status}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`;
    return {
      name: 'Deployment',
      ok: status !== 'Critical',
      optional: false,
      detail,
      fix: 'See `npx cadre agents` and `npx cadre dead-letters`.',
    };
  } catch (error) {
    const code = error instanceof CadreError ? error.code : 'internal';
    const detail = error instanceof Error ? error.message : String(error);
    return { name: 'Deployment', ok: false, optional: code === 'not-deployed', detail, fix: errorCatalogue[code].fix };
  }
}
