import type { Command } from 'commander';
import type { LockView } from '../../../contracts/context/locks.ts';
import { lockSlotsMax, lockTtlMsMax } from '../../../contracts/limits.ts';
import { runs } from '../../command.ts';
import { type PageOptions, paged, tellMore } from '../../listing.ts';
import { milliseconds, wholeNumber } from '../../option-values.ts';
import { showTime, table } from '../../output.ts';

interface LockOptions extends PageOptions {
  readonly namespace?: string;
  readonly ttl?: number;
  readonly slots?: number;
  readonly token?: number;
  readonly under?: string;
}

const lockTime = milliseconds(1_000, lockTtlMsMax);
const tokenValue = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** `cadre locks`, `cadre locks acquire|renew|release` */
export function addLocks(program: Command): void {
  const group = program
    .command('locks')
    .summary('locks and semaphores with fencing tokens; acquire, renew, release')
    .description('list the locks and semaphores that somebody holds');
  group.addHelpText(
    'after',
    `
Examples:
  $ cadre locks --under deploy
  $ cadre locks acquire deploy/production --ttl 1m
  $ cadre locks renew deploy/production --token 1795428000000 --ttl 1m
  $ cadre locks release deploy/production --token 1795428000000`,
  );
  const inNamespace = (command: Command) => command.option('--namespace <name>', 'the namespace (default: default)');
  const command = (usage: string, description: string) => inNamespace(group.command(usage)).description(description);
  paged(inNamespace(group), 'locks looked at')
    .option('--under <path>', 'at and below this path')
    .action(
      runs<[LockOptions]>(async ({ out, client }, options) => {
        const page = await (await client()).contexts.locks(options);
        out.data(page, ({ items }) => showLocks(items));
        tellMore(out, page);
        return undefined;
      }),
    );
  command('acquire <name>', 'take a slot for a time; exit code 6 when none is free')
    .requiredOption('--ttl <time>', 'the slot is free again after this time, for example 1m', lockTime)
    .option('--slots <count>', 'holders at once (default: 1)', wholeNumber(1, lockSlotsMax))
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre locks acquire deploy/production --ttl 1m\n  $ cadre locks acquire gpu --ttl 10m --slots 4',
    )
    .action(
      runs<[string, LockOptions]>(async ({ out, client }, name, { namespace, ttl = 0, slots }) => {
        const room = namespace === undefined ? {} : { namespace };
        const request = { name, ttl_ms: ttl, ...room, ...(slots === undefined ? {} : { slots }) };
        const answer = await (await client()).contexts.lock(request);
        out.data(answer, (shown) => (shown.outcome === 'acquired' ? String(shown.token) : ''));
        if (answer.outcome === 'acquired') return 0;
        out.progress(`${name} is taken; a slot may be free at ${showTime(answer.free_at)}.`);
        return 6;
      }),
    );
  command('renew <name>', 'hold a slot for longer; exit code 6 when it is lost')
    .requiredOption('--token <token>', 'what acquire gave', tokenValue)
    .requiredOption('--ttl <time>', 'from now on, for example 1m', lockTime)
    .addHelpText('after', '\nExample:\n  $ cadre locks renew deploy/production --token 1795428000000 --ttl 1m')
    .action(
      runs<[string, LockOptions]>(async ({ out, client }, name, { namespace, token = 0, ttl = 0 }) => {
        const room = namespace === undefined ? {} : { namespace };
        const answer = await (await client()).contexts.renew({ name, token, ttl_ms: ttl, ...room });
        out.data(answer, (shown) => (shown.outcome === 'renewed' ? `${name} is yours until ${shown.until}.` : 'Lost.'));
        return answer.outcome === 'renewed' ? 0 : 6;
      }),
    );
  command('release <name>', 'give a slot back')
    .requiredOption('--token <token>', 'what acquire gave', tokenValue)
    .addHelpText('after', '\nExample:\n  $ cadre locks release deploy/production --token 1795428000000')
    .action(
      runs<[string, LockOptions]>(async ({ out, client }, name, { namespace, token = 0 }) => {
        const room = namespace === undefined ? {} : { namespace };
        const answer = await (await client()).contexts.unlock({ name, token, ...room });
        out.data(answer, ({ outcome }) => (outcome === 'released' ? `${name} is released.` : 'It was lost already.'));
        return undefined;
      }),
    );
}

function showLocks(items: readonly LockView[]): string {
  if (items.length === 0) return 'Nobody holds a lock.';
  return table(
    ['NAME', 'SLOTS', 'TOKEN', 'UNTIL', 'BY'],
    items.flatMap(({ name, slots, holders }) =>
      holders.map(({ token, until, by }) => [name, String(slots), String(token), showTime(until), by]),
    ),
  );
}
