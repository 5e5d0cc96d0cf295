import * as z from 'zod';
import { page, pageQuery } from '../api.ts';
import { comment, decision, levelNumber } from './approval-decision.ts';
import { approvalForm } from './approval-form.ts';
import { approvalLevel, person } from './approval-node.ts';
import { nodePath, taskId, timestamp, userId } from '../ids.ts';
import { json } from '../json.ts';
import { approvalLevelsMax, groupsMax } from '../limits.ts';

/** The roles of this namespace's policy are the groups of people, besides those that a token names. */
export const groupsNamespace = 'approvals';

/** `<workflow_id>:<path of the node>`. */
export const approvalId = taskId;

/** Something a person did besides deciding. */
export const approvalAction = z.strictObject({
  action: z.enum(['claimed', 'released', 'delegated', 'commented']),
  by: person,
  at: timestamp,
  to: person.optional(),
  comment: comment.optional(),
});
export type ApprovalAction = z.output<typeof approvalAction>;

/** `Opening`: nobody has been asked yet. `Withdrawn`: the workflow does not need it any more. */
export const approvalStatus = z.enum(['Opening', 'Open', 'Approved', 'Rejected', 'Withdrawn']);
export type ApprovalStatus = z.output<typeof approvalStatus>;

/** A level with the people it asks. */
const askedLevel = z.strictObject({ ...approvalLevel.shape, users: z.array(person), groups: z.array(userId) }).omit({
  candidates: true,
});
export type AskedLevel = z.output<typeof askedLevel>;

/** An approval as a line of an inbox. */
export const approvalItem = z.strictObject({
  approval_id: approvalId,
  workflow_id: userId,
  node: nodePath,
  title: z.string(),
  status: approvalStatus,
  /** The level that decides now, counted from 1, and how many there are. */
  level: z.int().min(0).max(approvalLevelsMax),
  levels_count: levelNumber,
  /** Who has taken it up, or was given it. */
  assignees: z.array(person),
  created_at: timestamp,
  due_at: timestamp.optional(),
});
export type ApprovalItem = z.output<typeof approvalItem>;

/** An approval as a whole. */
export const approvalView = z.strictObject({
  ...approvalItem.shape,
  description: z.string().optional(),
  input: json.optional(),
  form: approvalForm.optional(),
  levels: z.array(askedLevel),
  /** Who started the workflow, where the rule of four eyes keeps this person from deciding. */
  requester: person.optional(),
  delegations: z.array(z.strictObject({ from: person, to: person })),
  decisions: z.array(decision),
  actions: z.array(approvalAction),
  ended_at: timestamp.optional(),
});
export type ApprovalView = z.output<typeof approvalView>;

/** The caller's inbox, what is due first; `group` narrows it to one of the caller's groups. */
export const inboxQuery = z.strictObject({ ...pageQuery.shape, group: userId.optional() });

/** An inbox, and whose it is: who the API takes the caller for. */
export const inboxView = z.strictObject({
  ...page(approvalItem).shape,
  principal: person,
  groups: z.array(userId).max(groupsMax),
});
export type InboxView = z.output<typeof inboxView>;

/** A decision on a level. It names the level, so that a repeat cannot decide about the next one. */
export const decisionRequest = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  level: levelNumber,
  comment: comment.optional(),
  /** Required with an approval where there is a form. */
  answer: json.optional(),
});
export type DecisionRequest = z.output<typeof decisionRequest>;

export const delegationRequest = z.strictObject({ to: person, comment: comment.optional() });
export const commentRequest = z.strictObject({ comment });
