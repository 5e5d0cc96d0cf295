import { spawn } from 'node:child_process';
import { gitMsMax, gitOutputBytesMax } from './limits.ts';

/**
 * Runs git in `root` and answers its output, or `undefined` when it fails for any reason (no git on the machine, not a
 * repository, a file never committed): history is a bonus, and its absence is no fault of the reviewed tree.
 * An aborted signal ends the run and throws its reason.
 */
export async function git(root: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  const output = await new Promise<string | undefined>((settle) => {
    // A reviewed tree is foreign: its configuration must not start programs, and nothing may ask for a password.
    const safety = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'core.quotePath=false'];
    const child = spawn('git', ['-C', root, '--no-optional-locks', ...safety, ...args], {
      signal,
      timeout: gitMsMax,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > gitOutputBytesMax) child.kill();
      else chunks.push(chunk);
    });
    child.on('error', () => {
      settle(undefined);
    });
    child.on('close', (status) => {
      settle(status === 0 ? Buffer.concat(chunks).toString('utf8') : undefined);
    });
  });
  signal.throwIfAborted();
  return output;
}

/** The root-relative paths git knows in `root`, with the untracked ones it does not ignore; `undefined` outside git. */
export async function gitFiles(root: string, signal: AbortSignal): Promise<string[] | undefined> {
  const listed = await git(
    root,
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    signal,
  );
  return listed?.split('\0').filter((path) => path !== '');
}
