import {
  approvalId,
  approvalView,
  commentRequest,
  decisionRequest,
  delegationRequest,
  inboxQuery,
  inboxView,
} from './approval.ts';
import type { Operation } from '../operation.ts';

const one = {
  method: 'post',
  tag: 'approvals',
  params: { id: approvalId },
  status: 200,
  answer: approvalView,
} as const;

/** The operations on approvals. Who acts is who signed the request. */
export const approvalOperations: readonly Operation[] = [
  {
    id: 'listApprovals',
    method: 'get',
    path: '/v1/approvals',
    tag: 'approvals',
    summary: 'What waits for the caller and his groups, what is due first',
    query: inboxQuery,
    status: 200,
    answer: inboxView,
  },
  { ...one, id: 'getApproval', method: 'get', path: '/v1/approvals/:id', summary: 'Read an approval' },
  { ...one, id: 'claimApproval', path: '/v1/approvals/:id/claim', summary: 'Take an approval up' },
  { ...one, id: 'releaseApproval', path: '/v1/approvals/:id/release', summary: 'Give it back to the other candidates' },
  {
    ...one,
    id: 'delegateApproval',
    path: '/v1/approvals/:id/delegate',
    summary: "Let another person decide in the caller's place",
    body: delegationRequest,
  },
  {
    ...one,
    id: 'commentApproval',
    path: '/v1/approvals/:id/comment',
    summary: 'Comment on an approval',
    body: commentRequest,
  },
  {
    ...one,
    id: 'decideApproval',
    path: '/v1/approvals/:id/decide',
    summary: 'Approve or reject at a level',
    body: decisionRequest,
  },
];
