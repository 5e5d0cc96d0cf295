import type { Command } from 'commander';
import type { ContextRequest } from '../../../contracts/context/operations.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { runs } from '../../command.ts';
import { wholeNumber } from '../../option-values.ts';
import { readJsonArgument } from '../../read-input.ts';
import { showChange } from './show-change.ts';

type MakeCommand = (usage: string, description: string) => Command;

interface LifecycleOptions {
  readonly namespace?: string;
  readonly expect?: number;
  readonly hard?: boolean;
  readonly reason?: string;
}

const holds = {
  hold: 'let nothing of a document be removed until the hold is released',
  release: 'end the hold of a document',
} as const;

/** `cadre context delete|hold|release|policy|guard` */
export function addLifecycle(command: MakeCommand): void {
  addPolicy(command);
  command('delete <id>', 'delete a document; it can be restored for a while, unless it is deleted --hard')
    .option(
      '--expect <version>',
      'the version that you saw; needed without --hard',
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option('--hard', 'remove it with its history for good; only a proof of what it was stays')
    .option('--reason <text>', 'why; needed with --hard')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context delete project/alpha --expect 3
  $ cadre context delete people/alice --hard --reason 'her request of 23 November'`,
    )
    .action(
      runs<[string, LifecycleOptions]>(async ({ out, client }, context_id, options) => {
        const { namespace, expect, hard, reason } = options;
        const key = { context_id, ...(namespace === undefined ? {} : { namespace }) };
        const { contexts } = await client();
        if (hard === true) {
          if (reason === undefined) throw new CadreError('invalid-input', 'say why: --reason', { path: 'reason' });
          const answer = await contexts.erase({ ...key, reason });
          const { erasure } = answer.head;
          out.data(
            answer,
            () =>
              `${context_id} is ${erasure?.done_at === undefined ? 'being erased' : 'erased'}: ${String(erasure?.versions)} versions, proof ${String(erasure?.root)}`,
          );
          return undefined;
        }
        if (expect === undefined) throw new CadreError('invalid-input', 'say which version you saw: --expect');
        out.data(await contexts.delete({ ...key, expected_version: expect }), showChange);
        return undefined;
      }),
    );
  for (const name of ['hold', 'release'] as const) {
    command(`${name} <id>`, holds[name])
      .requiredOption('--reason <text>', 'why')
      .addHelpText('after', `\nExample:\n  $ cadre context ${name} project/alpha --reason 'lawsuit 4711'`)
      .action(
        runs<[string, LifecycleOptions]>(async ({ out, client }, context_id, { namespace, reason = '' }) => {
          const request = { context_id, reason, ...(namespace === undefined ? {} : { namespace }) };
          out.data(await (await client()).contexts[name](request), showChange);
          return undefined;
        }),
      );
  }
}

function addPolicy(command: MakeCommand): void {
  command('policy', 'show who may do what in the namespace, and how long its documents are kept')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre context policy\n  $ cadre context policy --namespace acme > policy.json',
    )
    .action(
      runs<[LifecycleOptions]>(async ({ out, client }, { namespace }) => {
        const answer = await (await client()).contexts.policy(namespace === undefined ? {} : { namespace });
        out.data(answer, ({ policy }) => JSON.stringify(policy ?? {}, null, 2));
        out.progress(answer.revision === 0 ? 'No policy is set.' : `Revision ${String(answer.revision)}`);
        return undefined;
      }),
    );
  command('guard <policy>', 'set the policy of the namespace; it is JSON or @FILE')
    .requiredOption('--expect <revision>', 'the revision that you saw; 0 for the first policy', wholeNumber(0, 1e9))
    .addHelpText('after', '\nExample:\n  $ cadre context guard @policy.json --expect 1')
    .action(
      runs<[string, LifecycleOptions]>(async ({ out, client }, json, { namespace, expect = 0 }) => {
        const policy = (await readJsonArgument(json, 'policy')) as ContextRequest<'guard'>['policy'];
        const request = { policy, expected_revision: expect, ...(namespace === undefined ? {} : { namespace }) };
        const answer = await (await client()).contexts.guard(request);
        out.data(answer, ({ revision }) => `The policy is at revision ${String(revision)}.`);
        return undefined;
      }),
    );
}
