import type { Command } from 'commander';
import { runs } from '../../command.ts';
import { port } from '../../option-values.ts';

/** `cadre up` */
export function addUp(program: Command): void {
  program
    .command('up')
    .summary('start the local cloud and deploy Cadre to it')
    .description('start the local cloud and deploy Cadre to it; does only what is missing')
    .option('--endpoint <url>', 'deploy to this cloud instead, for example LocalStack')
    .option('--port <port>', 'the port of the local cloud (default: a free one)', port)
    .addHelpText('after', '\nExamples:\n  $ cadre up\n  $ cadre up --endpoint http://localhost:4566')
    .action(
      runs<[{ readonly endpoint?: string; readonly port?: number }]>(async ({ out }, options) => {
        const { endpoint } = options;
        const { bringUp } = await import('../../deployment.ts');
        const { cloud, apiUrl } = await bringUp({
          onProgress: out.progress,
          ...(endpoint === undefined ? {} : { endpoint }),
          ...(options.port === undefined ? {} : { port: options.port }),
        });
        out.data(
          { endpoint: cloud.endpoint, api_url: apiUrl, env: cloud.env },
          () =>
            `Cadre is up at ${apiUrl}\nTry: npx cadre status, npx cadre review, npx cadre run FILE. Stop it: npx cadre down`,
        );
        return undefined;
      }),
    );
}
