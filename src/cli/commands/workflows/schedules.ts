import type { Command } from 'commander';
import type { ScheduleInput, ScheduleView } from '../../../contracts/workflow/schedule.ts';
import { runs } from '../../command.ts';
import { pageOf, type PageOptions, paged, tellMore } from '../../listing.ts';
import { pageSize } from '../../option-values.ts';
import { showDuration, showTime, table } from '../../output.ts';
import { facts } from '../../views.ts';

/** `cadre schedules [ID]`, `cadre schedules create|next|pause|resume|delete` */
export function addSchedules(program: Command): void {
  const group = paged(program.command('schedules [id]'), 'schedules')
    .summary('workflows that run at times; create, next, pause, resume, delete')
    .description('list the schedules of workflows with their next times, or show one')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre schedules create nightly.json
  $ cadre schedules next nightly --count 5
  $ cadre schedules pause nightly`,
    )
    .action(
      runs<[string | undefined, PageOptions]>(async ({ out, client }, id, options) => {
        const cadre = await client();
        if (id !== undefined) {
          out.data(await cadre.getSchedule(id), showSchedule);
          return undefined;
        }
        const page = await cadre.listSchedules(pageOf(options));
        out.data(page, ({ items }) => showSchedules(items));
        tellMore(out, page);
        return undefined;
      }),
    );
  addNext(group);
  addChanging(group);
}

function addNext(group: Command): void {
  group
    .command('next <id>')
    .description('the next times at which it fires')
    .option('--count <count>', 'how many, at most 100 (default: 10)', pageSize)
    .addHelpText('after', '\nExample:\n  $ cadre schedules next nightly --count 5')
    .action(
      runs<[string, { readonly count?: number }]>(async ({ out, client }, id, { count }) => {
        const items = await (await client()).scheduleTimes(id, count);
        out.data({ items }, () => (items.length === 0 ? 'It fires no more.' : items.join('\n')));
        return undefined;
      }),
    );
}

function addChanging(group: Command): void {
  group
    .command('create <file>')
    .description(
      'make one from a JSON file: { schedule_id, cron or every_ms, time_zone, …, definition, input }; - reads stdin',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ cadre schedules create nightly.json
  $ echo '{"schedule_id":"nightly","cron":"0 2 * * *","definition":"report@latest"}' | cadre schedules create -`,
    )
    .action(
      runs<[string]>(async ({ out, client }, file) => {
        const { readJsonFile } = await import('../../read-input.ts');
        out.data(await (await client()).createSchedule((await readJsonFile(file)) as ScheduleInput), showSchedule);
        return undefined;
      }),
    );
  for (const [name, description] of [
    ['pause', 'let it fire no more; its runs go on'],
    ['resume', 'let it go on from now'],
  ] as const) {
    group
      .command(`${name} <id>`)
      .description(description)
      .addHelpText('after', `\nExample:\n  $ cadre schedules ${name} nightly`)
      .action(
        runs<[string]>(async ({ out, client }, id) => {
          const cadre = await client();
          out.data(await (name === 'pause' ? cadre.pauseSchedule(id) : cadre.resumeSchedule(id)), showSchedule);
          return undefined;
        }),
      );
  }
  group
    .command('delete <id>')
    .description('remove it; its runs go on')
    .addHelpText('after', '\nExample:\n  $ cadre schedules delete nightly')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        await (await client()).deleteSchedule(id);
        out.data({ schedule_id: id, deleted: true }, () => `The schedule ${id} is removed.`);
        return undefined;
      }),
    );
}

function timesOf({ cron, every_ms, time_zone }: ScheduleView): string {
  return cron === undefined ? `every ${showDuration(every_ms)}` : `${cron} (${time_zone})`;
}

function showSchedules(items: readonly ScheduleView[]): string {
  if (items.length === 0) return 'No schedules.';
  const rows = items.map((one) => [
    one.schedule_id,
    one.name,
    timesOf(one),
    one.paused ? 'paused' : showTime(one.next_at),
    one.last_run?.workflow_id ?? '-',
  ]);
  return table(['SCHEDULE', 'WORKFLOW', 'TIMES', 'NEXT', 'LAST RUN'], rows);
}

function showSchedule(one: ScheduleView): string {
  const { dates, weekdays } = one.exclude;
  const excluded = [...weekdays, ...dates];
  return facts([
    ['schedule', one.schedule_id],
    ['workflow', one.name],
    ['namespace', one.namespace],
    ['times', timesOf(one)],
    ['not on', excluded.length === 0 ? undefined : excluded.join(', ')],
    ['overlap', one.overlap],
    ['next', one.paused ? 'paused' : showTime(one.next_at)],
    ['waiting', one.queued.length === 0 ? undefined : one.queued.map(showTime).join(', ')],
    ['last run', one.last_run?.workflow_id],
    ['last missed', one.last_missed && `${showTime(one.last_missed.fire_at)}: ${one.last_missed.reason}`],
  ]);
}
