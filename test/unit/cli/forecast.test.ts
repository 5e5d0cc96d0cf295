import { describe, expect, it } from '@jest/globals';
import type { TaskForecast } from '../../../src/contracts/distributor/forecast.ts';
import { sentenceOf, showForecast } from '../../../src/cli/forecast.ts';

const told = (over: Partial<TaskForecast> = {}): TaskForecast => ({
  ...{ task_id: 't1', agents: 2, slots: 4, before: { tasks: 7, more: true }, durations_from: 'type' },
  ...over,
});

describe('a forecast in words', () => {
  it('says how likely the deadline is missed and what more agents would make of it', () => {
    expect(sentenceOf(told({ miss: 0.97, miss_with_one_more: 0.04, agents_needed: 1 }))).toBe(
      'will miss: 97 %; one more agent of this kind would make it 4 %',
    );
    expect(sentenceOf(told({ miss: 1, miss_with_one_more: 0.8, agents_needed: 6 }))).toBe(
      'will miss: 100 %; one more agent of this kind would make it 80 %; 6 more would make it 5 % at most',
    );
    expect(sentenceOf(told({ miss: 0.01, miss_with_one_more: 0.01, agents_needed: 0 }))).toBe('will miss: 1 %');
    expect(sentenceOf(told({ agents: 0, miss: 1, miss_with_one_more: 0 }))).toContain('no agent can run it');
  });

  it('says why there is none', () => {
    expect(sentenceOf(told({ durations_from: 'nothing' }))).toContain('nothing is known');
    expect(sentenceOf(told())).toBe('no deadline');
    expect(sentenceOf(undefined)).toBe('-');
  });

  it('shows what it rests on', () => {
    const shown = showForecast(told({ miss: 0.5, durations_from: 'other_types' }));
    expect(shown).toMatch(/before it +at least 7/);
    expect(shown).toMatch(/durations +from other types/);
    expect(shown).not.toContain('spilled');
    const spilled = { by: 'rent', from: ['code', 'gpu'] };
    expect(showForecast(told({ spilled }))).toMatch(/spilled +by overflow rule rent; it had required code, gpu/);
  });
});
