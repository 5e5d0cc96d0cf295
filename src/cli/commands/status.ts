import type { Command } from 'commander';
import { runs } from '../command.ts';
import { counted, showStatus, showTime } from '../output.ts';
import { facts } from '../views.ts';

/** `cadre status` */
export function addStatus(program: Command): void {
  program
    .command('status')
    .description('how the deployment is, and why; exits 1 when it is Critical')
    .addHelpText('after', '\nExample:\n  $ cadre status --json | jq -r .status')
    .action(
      runs(async ({ out, client }) => {
        const cadre = await client();
        const status = await cadre.status();
        out.data({ ...status, api_url: cadre.apiUrl }, () =>
          facts([
            ['deployment', cadre.apiUrl],
            ['status', showStatus(status.status)],
            ['reasons', status.reasons.length === 0 ? undefined : status.reasons.join('; ')],
            [
              'agents',
              `${status.agents.available} of ${status.agents.total} available, ${status.agents.occupied} of ${status.agents.slots} slots taken`,
            ],
            ['waiting', counted(status.tasks.queued, 'task')],
            ['dead letters', String(status.dead_letters)],
            ['checked', showTime(status.checked_at)],
          ]),
        );
        return status.status === 'Critical' ? 1 : 0;
      }),
    );
}
