import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CadreError } from '../../contracts/errors.ts';
import { projectRoot, venvDirectory } from './places.ts';
import { withProcessLock } from './process-lock.ts';
import { CommandError, runCommand } from './run-command.ts';

/** Newest first: the plain `python3` of a machine is often the oldest one. */
const candidates = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const requirementsFile = join(projectRoot, 'local', 'requirements.txt');
const installHint =
  'Install Python 3.10 or newer with venv (Debian and Ubuntu: `apt install python3-venv`; macOS: `brew install python`), ' +
  'or use another cloud with --endpoint URL.';

export interface PythonOptions {
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes the emulator's virtual environment, or re-uses it when it was made from the same requirements, and gives its Python.
 * Throws CadreError `python-missing` (no Python, no venv module) or `unavailable` (the packages cannot be installed).
 */
export async function ensureEmulator(options: PythonOptions): Promise<string> {
  const python = join(venvDirectory, 'bin', 'python');
  const marker = join(venvDirectory, 'cadre-requirements.sha256');
  const wanted = createHash('sha256')
    .update(await readFile(requirementsFile))
    .digest('hex');
  const isReady = async (): Promise<boolean> =>
    (await readFile(marker, 'utf8').catch(() => '')) === wanted &&
    (await runs(python, ['-c', 'import ministack'], options));
  if (await isReady()) return python;
  return withProcessLock(
    `${venvDirectory}.lock`,
    async () => {
      // The process that held the lock may have done the work.
      if (await isReady()) return python;
      await install(python, options);
      // Written last: an interrupted installation is started over.
      await writeFile(marker, wanted);
      return python;
    },
    {
      signal: options.signal,
      onWait: (pid) => options.onProgress(`Waiting for process ${pid}, which installs the emulator`),
    },
  );
}

async function install(python: string, options: PythonOptions): Promise<void> {
  const system = await findPython(options);
  options.onProgress('Installing the emulator (once)');
  await rm(venvDirectory, { recursive: true, force: true });
  try {
    await runCommand(system, ['-m', 'venv', venvDirectory], { env: pythonEnvironment(), signal: options.signal });
  } catch (error) {
    await rm(venvDirectory, { recursive: true, force: true });
    if (!(error instanceof CommandError)) throw error;
    throw new CadreError(
      'python-missing',
      `${system} cannot make a virtual environment: its venv module or pip is missing. ${installHint}`,
      {
        cause: error,
      },
    );
  }
  try {
    await runCommand(
      python,
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--require-hashes',
        '-r',
        requirementsFile,
      ],
      { env: pythonEnvironment(), signal: options.signal },
    );
  } catch (error) {
    await rm(venvDirectory, { recursive: true, force: true });
    if (!(error instanceof CommandError)) throw error;
    throw new CadreError(
      'unavailable',
      `pip could not install the emulator, so there is no local cloud. Check the network or pip's index, then run the command again. pip said:\n${error.output}`,
      { cause: error },
    );
  }
}

/** The first Python of at least 3.10 on PATH that has the venv module. */
async function findPython(options: PythonOptions): Promise<string> {
  const found: string[] = [];
  for (const name of candidates) {
    const version = await output(name, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], options);
    if (version === undefined) continue;
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major !== 3 || minor < 10) found.push(`${name} is ${version}`);
    else if (!(await runs(name, ['-c', 'import venv, ensurepip'], options))) found.push(`${name} has no venv module`);
    else return name;
  }
  const seen =
    found.length === 0 ? 'No Python was found on PATH' : `No usable Python was found on PATH (${found.join(', ')})`;
  throw new CadreError('python-missing', `${seen}; the local cloud is an emulator written in Python. ${installHint}`);
}

async function output(program: string, args: readonly string[], options: PythonOptions): Promise<string | undefined> {
  try {
    return (await runCommand(program, args, { env: pythonEnvironment(), signal: options.signal })).trim();
  } catch {
    options.signal.throwIfAborted();
    return undefined;
  }
}

async function runs(program: string, args: readonly string[], options: PythonOptions): Promise<boolean> {
  return (await output(program, args, options)) !== undefined;
}

/** pip needs the user's own settings (indexes, proxies, certificates); a foreign PYTHONPATH or virtual environment it must not see. */
function pythonEnvironment(): Record<string, string> {
  const hidden = new Set(['PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV', 'PIP_USER', 'PIP_TARGET', 'PIP_PREFIX']);
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !hidden.has(entry[0]),
    ),
  );
}
