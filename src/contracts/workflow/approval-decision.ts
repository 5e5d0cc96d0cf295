import * as z from 'zod';
import { person } from './approval-node.ts';
import { timestamp, wellFormed } from '../ids.ts';
import { json } from '../json.ts';
import { approvalCommentCharactersMax, approvalLevelsMax } from '../limits.ts';

export const comment = wellFormed(z.string().min(1).max(approvalCommentCharactersMax));
export const levelNumber = z.int().min(1).max(approvalLevelsMax);

/** What one person decided at a level (counted from 1); without `by` the level's time was over, and this is what followed. */
export const decision = z.strictObject({
  level: levelNumber,
  decision: z.enum(['approved', 'rejected', 'escalated']),
  by: person.optional(),
  at: timestamp,
  comment: comment.optional(),
  answer: json.optional(),
});
export type Decision = z.output<typeof decision>;
