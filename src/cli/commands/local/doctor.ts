import type { Command } from 'commander';
import { runs } from '../../command.ts';
import { style } from '../../output.ts';

/** `cadre doctor` */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('check this machine and the deployment')
    .description(
      'check this machine and the deployment, and say what to do about what is wrong; exits 3 when something is',
    )
    .addHelpText('after', '\nExample:\n  $ cadre doctor')
    .action(
      runs(async ({ out, client }) => {
        const { examine } = await import('../../examine.ts');
        const findings = await examine(client);
        out.data({ ok: findings.every((finding) => finding.ok || finding.optional), findings }, () =>
          findings
            .map(({ ok, optional, name, detail, fix }) => {
              const mark = ok ? style('green', 'ok  ') : optional ? style('yellow', 'note') : style('red', 'FAIL');
              return `${mark}  ${name}: ${detail}${ok || fix === undefined ? '' : `\n      ${fix}`}`;
            })
            .join('\n'),
        );
        return findings.every((finding) => finding.ok || finding.optional) ? 0 : 3;
      }),
    );
}
