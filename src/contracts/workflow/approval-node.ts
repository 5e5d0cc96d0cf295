import * as z from 'zod';
import { approvalForm } from './approval-form.ts';
import { workingCalendar } from './calendar.ts';
import { expression, orExpression } from '../expression.ts';
import { userId, wellFormed } from '../ids.ts';
import {
  approvalLevelsMax,
  approvalTextCharactersMax,
  approvalTitleCharactersMax,
  candidatesMax,
  principalCharactersMax,
  waitMsMax,
} from '../limits.ts';

/** A person, by the principal that the API knows him by: IAM's unique id, or `jwt:<subject>`. */
export const person = z.string().min(1).max(principalCharactersMax);

export const approvalTitle = wellFormed(z.string().min(1).max(approvalTitleCharactersMax));
export const approvalDescription = wellFormed(z.string().min(1).max(approvalTextCharactersMax));
export const candidateUsers = z.array(person).max(candidatesMax);
export const candidateGroups = z.array(userId).max(candidatesMax);

/** Who is asked. A list, or an expression that gives one. */
const candidates = z.strictObject({
  users: orExpression(candidateUsers).default([]),
  groups: orExpression(candidateGroups).default([]),
});

/**
 * One level of an approval: `needed` of its candidates approve. `assign` says whether anyone of them takes it up, or those who have least to do get it. `sla_ms` and
 * `remind_ms` count from the beginning of the level, in working time if there is a calendar. When the time is over (`on_overdue`) the next level decides instead, or the level counts as
 * approved or as rejected; the last level has nobody behind it, and rejects unless it says `approve`.
 */
export const approvalLevel = z.strictObject({
  candidates,
  needed: z.int().min(1).max(candidatesMax).default(1),
  assign: z.enum(['anyone', 'least_loaded']).default('anyone'),
  sla_ms: z.int().min(1_000).max(waitMsMax).default(waitMsMax),
  remind_ms: z.int().min(1_000).max(waitMsMax).optional(),
  on_overdue: z.enum(['escalate', 'approve', 'reject']).optional(),
});

/** What an approval says beyond what every node says. */
export const approvalShape = {
  title: orExpression(approvalTitle),
  description: orExpression(approvalDescription).optional(),
  /** Gives what the people who decide see besides the text. */
  input: expression.optional(),
  /** JSON Schema of the answer that comes with an approval. */
  form: approvalForm.optional(),
  levels: z.array(approvalLevel).min(1).max(approvalLevelsMax),
  calendar: workingCalendar.optional(),
  /** Neither who started the workflow nor who has decided at another level may decide. */
  four_eyes: z.boolean().optional(),
  /** Whether a rejection is a failure of the node (what depends on it does not run), or only its output. */
  on_reject: z.enum(['fail', 'complete']).default('fail'),
};
