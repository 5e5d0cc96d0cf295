import type { StoryCase } from './workflow-story.ts';

/** What the examples of patterns with multiple instances must show, by the patterns' two-digit numbers. */
export const instanceCases: Readonly<Record<string, readonly StoryCase[]>> = {
  '12': [
    {
      order: [
        '-offences +close -close -notices:0:notice -notices',
        '+notices:0:notice +notices:1:notice +notices:2:notice -close',
      ],
      completed: 'offences notices close notices:0:notice notices:1:notice notices:2:notice',
    },
  ],
  '13': [
    {
      order: [
        '+signatures:0:sign +signatures:1:sign +signatures:2:sign -signatures:0:sign -signatures:1:sign -signatures:2:sign +file',
      ],
      completed: 'signatures file signatures:0:sign signatures:1:sign signatures:2:sign',
    },
  ],
  '14': [
    {
      order: ['-diagnose +checks:0:check +checks:1:check -checks:1:check -checks:0:check +treat'],
      completed: 'diagnose checks treat checks:0:check checks:1:check',
    },
  ],
  '15': [
    {
      signals: [
        { afterMs: 1_000, name: 'witness-named', data: { duration_ms: 5_000 } },
        { afterMs: 2_000, name: 'witness-named', data: { duration_ms: 1_000 } },
        { afterMs: 4_000, name: 'list-closed' },
      ],
      order: [
        '+witnesses:0:hear +witnesses:0:others:0:hear -witnesses:0:others:0:hear -witnesses:0:others:0:others -witnesses:0:hear -witnesses +verdict',
      ],
      completed:
        'witnesses verdict witnesses:0:next witnesses:0:hear witnesses:0:others witnesses:0:others:0:next witnesses:0:others:0:hear witnesses:0:others:0:others witnesses:0:others:0:others:0:next',
      skipped: 'witnesses:0:others:0:others:0:hear witnesses:0:others:0:others:0:others',
    },
  ],
  '26': [
    {
      order: ['-night:0:counts:0:count -night:0:fire-alarm -night', '-night -counted ~announce'],
      completed: 'night counted night:0:fire-alarm night:0:counts:0:count',
      cancelled: 'night:0:counts night:0:counts:1:count night:0:counts:2:count',
      skipped: 'announce',
    },
  ],
  '27': [
    {
      order: ['-night:0:counts:0:count -night:0:closing-time -night +announce -announce'],
      completed: 'night announce night:0:closing-time night:0:counts:0:count',
      cancelled: 'night:0:counts night:0:counts:1:count night:0:counts:2:count',
    },
  ],
  '34': [
    {
      order: ['-reader-1 -reader-2 +publish -publish -reader-3'],
      completed: 'reader-1 reader-2 reader-3 publish',
    },
  ],
  '35': [
    {
      order: ['-samples:plan:sequence:0:sample-1 -samples:plan:sequence:0:sample-2 -samples +compare -compare'],
      completed:
        'samples compare samples:plan:sequence samples:plan:sequence:0:sample-1 samples:plan:sequence:0:sample-2',
      cancelled: 'samples:plan:sequence:0:sample-3',
    },
  ],
  '41': [
    {
      order: ['-desks:0:serve -desks:1:serve -desks:2:serve -desks +count -count'],
      completed: 'desks count desks:0:open desks:0:serve desks:1:open desks:1:serve desks:2:open desks:2:serve',
    },
  ],
  '42': [
    {
      order: [
        '-arrive +desks:0:open +desks:1:open +desks:2:open -desks:0:open +desks:0:serve -desks:2:open',
        '-desks:1:open +desks:1:serve -desks:1:serve',
        '-desks:2:open +desks:2:serve -desks:2:serve',
      ],
      completed: 'arrive desks desks:0:open desks:0:serve desks:1:open desks:1:serve desks:2:open desks:2:serve',
    },
  ],
};
