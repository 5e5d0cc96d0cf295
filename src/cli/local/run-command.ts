import { spawn } from 'node:child_process';

/** How much of a failed command's output goes into its error: enough for the cause, little enough to read. */
const tailCharactersMax = 4_000;

export interface CommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Called with each line of either stream, for progress. */
  readonly onLine?: (line: string) => void;
}

/** A command that ended with something other than 0; `output` is the end of what it printed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly output: string;

  constructor(message: string, output: string) {
    super(message);
    this.output = output;
  }
}

/**
 * Runs a program to its end and gives its standard output. It has a process group of its own: an abort ends everything it started,
 * and a Ctrl-C reaches it only through the abort, in order.
 */
export function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const abort = (): void => endGroup(child.pid, 'SIGKILL');
    options.signal?.addEventListener('abort', abort, { once: true });
    let stdout = '';
    let both = '';
    const collect = (text: string): void => {
      both = (both + text).slice(-tailCharactersMax);
      for (const line of text.split('\n')) if (line.trim() !== '') options.onLine?.(line.trimEnd());
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      collect(text);
    });
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      options.signal?.removeEventListener('abort', abort);
      if (options.signal?.aborted === true) reject(options.signal.reason as Error);
      else if (code === 0) resolve(stdout);
      else reject(new CommandError(`${program} ended with ${code ?? signal ?? 'nothing'}`, both.trim()));
    });
  });
}

/** Signals a whole process group; one that has ended already is as wanted. */
export function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
