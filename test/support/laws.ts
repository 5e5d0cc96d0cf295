/**
 * Laws draw other cases in each run, so that they go on finding things. `CADRE_LAWS_SEED` fixes what they draw: CI sets it, because whether a change
 * lands must hang on the change alone.
 */
import { expect } from '@jest/globals';

const seed = process.env['CADRE_LAWS_SEED'];
// fast-check takes a while to load, and most files need none of it.
if (seed !== undefined && (expect.getState().testPath ?? '').endsWith('.property.test.ts')) {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({ seed: Number(seed) });
}
