import type { TaskForecast } from '../contracts/distributor/forecast.ts';
import { showTime } from './output.ts';
import { facts, showSpill } from './views.ts';

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** How a deadline will fare, in a sentence: `will miss: 97 %; one more agent of this kind would make it 4 %`. */
export function sentenceOf(forecast: TaskForecast | undefined): string {
  if (forecast === undefined) return '-';
  const { miss, miss_with_one_more, agents_needed, agents, durations_from } = forecast;
  if (durations_from === 'nothing') return 'nothing is known yet of how long such tasks take';
  if (miss === undefined) return 'no deadline';
  const more =
    miss_with_one_more === undefined || percent(miss_with_one_more) === percent(miss)
      ? ''
      : `; one more agent of this kind would make it ${percent(miss_with_one_more)}`;
  const needed =
    agents_needed !== undefined && agents_needed > 1 ? `; ${agents_needed} more would make it 5 % at most` : '';
  const nobody = agents === 0 ? ', since no agent can run it' : '';
  return `will miss: ${percent(miss)}${nobody}${more}${needed}`;
}

/** A forecast as people read it. */
export function showForecast(forecast: TaskForecast): string {
  const { task_id, spilled, starts_at, ends_at, before, agents, slots, durations_from } = forecast;
  const span = (times: TaskForecast['starts_at']): string | undefined =>
    times && `${showTime(times.p50)}, with 95 % certainty before ${showTime(times.p95)}`;
  return facts([
    ['task', task_id],
    ['spilled', showSpill(spilled)],
    ['forecast', sentenceOf(forecast)],
    ['starts', span(starts_at)],
    ['ends', span(ends_at)],
    ['before it', `${before.more ? 'at least ' : ''}${before.tasks}`],
    ['agents', `${agents} with ${slots} slots`],
    ['durations', durations_from === 'nothing' ? undefined : `from ${durations_from.replace('_', ' ')}`],
  ]);
}
