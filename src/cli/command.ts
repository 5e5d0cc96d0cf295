import type { Command } from 'commander';
import type { Client } from '../sdk/client/client.ts';
import { createOutput, type Output } from './output.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly apiUrl?: string;
  readonly region?: string;
}

/** What a command's work is given. */
export interface CommandContext {
  readonly out: Output;
  readonly globals: GlobalOptions;
  /** A client of the deployment; loaded when it is asked for, so that `--help` need not wait for it. */
  readonly client: () => Promise<Client>;
}

/**
 * Wraps the work of a command: global options, output, and refusals told to people with the exit code of the catalogue.
 * The work answers with its exit code when that is not 0.
 */
export function runs<A extends readonly unknown[]>(
  work: (context: CommandContext, ...args: A) => Promise<number | undefined>,
): (this: Command, ...args: unknown[]) => Promise<void> {
  return async function (this: Command, ...args) {
    const globals: GlobalOptions = this.optsWithGlobals();
    const out = createOutput(globals.json === true);
    const client = async () => {
      const { createClient } = await import('../sdk/client/client.ts');
      const { apiUrl, region } = globals;
      return createClient({ ...(apiUrl === undefined ? {} : { apiUrl }), ...(region === undefined ? {} : { region }) });
    };
    try {
      // Commander gives the arguments, then the options, then the command itself.
      process.exitCode = (await work({ out, globals, client }, ...(args.slice(0, -1) as unknown as A))) ?? 0;
    } catch (error) {
      const { reportRefusal } = await import('./refusal.ts');
      process.exitCode = reportRefusal(error, out);
    }
  };
}
