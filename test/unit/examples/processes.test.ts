import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/contracts/json.ts';
import { root } from '../../support/pages.ts';
import { expectStory } from '../../support/workflow-story.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(join(root, 'examples', 'processes', `${name}.json`), 'utf8')) as Record<string, Json>;

describe('the booking of a journey', () => {
  it('is undone when the car cannot be had: what is independent side by side, the flight last', async () => {
    const view = await expectStory(read('travel-booking'), {
      status: 'Failed',
      order: [
        '+car -hotel !car +hotel:compensate',
        '-tickets !car +tickets:compensate',
        '+hotel:compensate +tickets:compensate -tickets:compensate -hotel:compensate +flight:compensate',
      ],
      completed: 'flight hotel tickets flight:compensate hotel:compensate tickets:compensate',
      failed: 'car',
      skipped: 'pay',
    });
    expect(view.compensation).toBe('completed');
  });

  it('undoes nothing when all of it can be had', async () => {
    const view = await expectStory(read('travel-booking'), {
      input: { agency_answers_after_ms: 1_000 },
      order: ['-flight +car -car +pay -pay', '-hotel +pay', '-tickets +pay'],
      completed: 'flight hotel tickets car pay',
    });
    expect(view.compensation).toBeUndefined();
  });
});
